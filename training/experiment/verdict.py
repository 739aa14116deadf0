# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verdict on the scores of a run: comparison with the prior and with the controls of the audio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audio_manifold_ros.evaluation.reporting.metric_labels import CARD_VARIANTS
from audio_manifold_ros.modalities.registry import MODALITIES

PRIOR, SHUFFLED, MIRRORED = '_prior', '_shuffled', '_mirrored'
CONTROLS = {PRIOR: CARD_VARIANTS[PRIOR], SHUFFLED: 'shuffled audio', MIRRORED: 'mirrored microphones'}
LEAK_WARNING = (
    'The test split LEAKS: test windows are also in the training data, so these scores are not results '
    '(audio-manifold train split check measures it).'
)


@dataclass(frozen=True)
class ModalityVerdict:
    """Main score of a modality with its controls.

    Attributes:
        modality: Name of the modality.
        metric: Name of the score.
        score: Score of the networks. None if no pixel was scored.
        controls: Score of each control by its suffix.
        larger_is_better: True if larger values are better.

    """

    modality: str
    metric: str
    score: float | None
    controls: dict[str, float | None]
    larger_is_better: bool

    def beats(self, control: str) -> bool:
        """Return whether the score is better than that of a control."""
        other = self.controls[control]
        if self.score is None or other is None:
            return False
        return self.score > other if self.larger_is_better else self.score < other

    @property
    def beats_prior(self) -> bool:
        """True if the networks are better than the prior, which has no audio."""
        return self.beats(PRIOR)

    @property
    def uses_audio(self) -> bool:
        """True if the networks are better than with the audio of another drive."""
        return self.beats(SHUFFLED)

    def line(self) -> str:
        """Return the scores as one line."""
        shown = ', '.join(f'{name} {_number(self.controls[key])}' for key, name in CONTROLS.items())
        direction = 'larger is better' if self.larger_is_better else 'smaller is better'
        return f'{self.modality}: {self.metric} {_number(self.score)} ({direction}); {shown}'


def judge(scores: Mapping[str, object]) -> list[ModalityVerdict]:
    """Return the verdict on each modality of the scores of `MetricSuite.result`."""
    verdicts = []
    for modality, entry in MODALITIES.items():
        metric = entry.main_metric.key
        figures = scores.get(modality)
        if isinstance(figures, Mapping) and metric in figures:
            controls = {key: figures.get(f'{metric}{key}') for key in CONTROLS}
            verdicts.append(
                ModalityVerdict(modality, metric, figures[metric], controls, entry.main_metric.larger_is_better)
            )
    return verdicts


def describe(scores: Mapping[str, object], *, leaks: bool) -> list[str]:
    """Return the scores and the verdict as lines of text.

    Args:
        scores: Scores of the test split.
        leaks: True if the test split leaks.

    """
    verdicts = judge(scores)
    beats = ', '.join(f'{one.modality} {_yes(one.beats_prior)}' for one in verdicts)
    uses = ', '.join(f'{one.modality} {_yes(one.uses_audio)}' for one in verdicts)
    lines = [f'scores of {scores.get("windows")} test windows:', *(f'  {one.line()}' for one in verdicts)]
    lines.append(f'verdict: beats the prior: {beats or "nothing was scored"}; uses the audio: {uses or "unknown"}')
    return [*lines, LEAK_WARNING] if leaks else lines


def worse_than_prior(scores: Mapping[str, object]) -> str:
    """Return a warning that names the modalities that are not better than the prior, or an empty text."""
    worse = [one for one in judge(scores) if not one.beats_prior]
    if not worse:
        return ''
    shown = ' and '.join(
        f'{one.modality} ({one.metric} {_number(one.score)}, prior {_number(one.controls[PRIOR])})' for one in worse
    )
    return (
        f'Not better than the {CONTROLS[PRIOR]}: {shown}. The prior uses no audio, so these images contain no '
        'information from the microphones. Train longer, or with more drives, before using the bundle.'
    )


def _number(value: float | None) -> str:
    return '–' if value is None else f'{value:.3f}'


def _yes(value: bool) -> str:  # noqa: FBT001
    return 'yes' if value else 'no'
