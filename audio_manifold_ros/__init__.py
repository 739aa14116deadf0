"""Depth and segmentation images from the sound of eight microphones."""

__version__ = '0.1.0'
