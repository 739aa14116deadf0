# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Findings about the claims of the paper: differences between systems of equal conditions, with their errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from audio_manifold_ros.evaluation.metrics.metric_names import MODEL, PRIOR
from audio_manifold_ros.modalities.registry import SEGMENTATION
from training.paper_tables.columns import Column
from training.paper_tables.records import RunRecord, group_by_conditions

# Differences below this number of standard errors are not taken as found.
SIGNIFICANT_ERRORS = 2.0
HEADING = '### What was found about the claims of the paper'
NOTE = (
    'A difference is skill or mIoU of the first system minus that of the second, on the same test windows with the '
    'same number of steps. Skill is 1 - ABS_rel / ABS_rel of the median prior. Its error is smaller than that of '
    'ABS_rel, because difficult streets raise both. The error of a difference combines the standard errors of both '
    'over the test drives, and over seeds where there are several. Below '
    f'{SIGNIFICANT_ERRORS:g} errors nothing was found. With one seed the error lacks the variation from fit to fit: a '
    'small difference may be chance.'
)


@dataclass(frozen=True)
class Claim:
    """Claim of the paper that one system is better than another.

    Attributes:
        text: The claim.
        better: System that is better according to the paper.
        worse: System that it is compared with.

    """

    text: str
    better: str
    worse: str


CLAIMS = (
    Claim('Two stages are better than one network (table 5)', 'vq_8x8', 'end_to_end_8x8'),
    Claim('Quantised codes are better than the published "VAE" (table 5)', 'vq_8x8', 'autoencoder_8x8'),
    Claim('Quantised codes are better than a true VAE', 'vq_8x8', 'vae_8x8'),
    Claim('A manifold of 8 × 8 is better than one of 16 × 16 (tables 3, 4)', 'vq_8x8', 'vq_16x16'),
    Claim('A manifold of 8 × 8 is better than one of 32 × 32 (tables 3, 4)', 'vq_8x8', 'vq_32x32'),
    Claim('The method is better than ECHO2DEPTH (tables 1, 3)', 'vq_8x8', 'echo2depth_paper'),
    Claim('The method is better than OmniNet with 8 microphones', 'vq_8x8', 'omninet_8ch_both'),
    Claim('The method is better than OmniNet with 2 microphones', 'vq_8x8', 'omninet_2ch_both'),
    Claim('OmniNet is better with 2 microphones than with 8 (table 1)', 'omninet_2ch_both', 'omninet_8ch_both'),
    Claim('Control: eight microphones are better than one', 'end_to_end_8x8', 'end_to_end_1ch'),
)


@dataclass(frozen=True)
class Metric:
    """Metric of which larger values are better.

    Attributes:
        figure: Its column.
        error: Column of its standard error over streets.

    """

    figure: Column
    error: Column


METRICS = (
    Metric(
        Column('', 'skill', ('over_streets', 'against', PRIOR, 'skill'), 3),
        Column('', 'error', ('over_streets', 'against', PRIOR, 'skill_error'), 3),
    ),
    Metric(
        Column('', 'mIoU', (SEGMENTATION, 'miou'), 3),
        Column('', 'error', ('over_streets', 'standard_errors', SEGMENTATION, 'miou'), 3),
    ),
)


@dataclass(frozen=True)
class Difference:
    """Difference of a metric between two systems.

    Attributes:
        value: Mean of the system that is better according to the paper, minus that of the other.
        error: Its standard error.
        has_seeds: True if both systems have several runs, so that the error contains the variation from fit to fit.

    """

    value: float
    error: float
    has_seeds: bool

    @property
    def finding(self) -> str:
        """`yes` if the claim is right, `no`, or `not found` within the errors; and whether it rests on one seed."""
        if abs(self.value) < SIGNIFICANT_ERRORS * self.error:
            return 'not found'
        return ('yes' if self.value > 0 else 'no') + ('' if self.has_seeds else ', one seed')


def findings(records: Sequence[RunRecord]) -> str:
    """Return a section in Markdown, empty if no two systems of a claim have runs of equal conditions.

    Args:
        records: Runs of one dataset.

    """
    groups = group_by_conditions(list(records))
    rows = [row for claim in CLAIMS if (row := _row(claim, list(groups.values())))]
    if not rows:
        return ''
    head = '| claim | systems | skill: difference | found | mIoU: difference | found |'
    return '\n'.join([HEADING, '', NOTE, '', head, '| --- | --- | ---: | --- | ---: | --- |', *rows, ''])


def compare(better: Sequence[RunRecord], worse: Sequence[RunRecord], metric: Metric) -> Difference | None:
    """Return the difference between the runs of two systems. None if a run lacks the metric or its error."""
    first, second = _mean(better, metric), _mean(worse, metric)
    if first is None or second is None:
        return None
    has_seeds = min(len(better), len(worse)) > 1
    return Difference(first[0] - second[0], math.hypot(first[1], second[1]), has_seeds)


def _row(claim: Claim, groups: Sequence[Sequence[RunRecord]]) -> str:
    for group in groups:
        better, worse = ([run for run in group if run.system == name] for name in (claim.better, claim.worse))
        if better and worse:
            cells = [_cells(compare(better, worse, metric)) for metric in METRICS]
            return f'| {claim.text} | `{claim.better}`, `{claim.worse}` | {" | ".join(cells)} |'
    return ''


def _cells(difference: Difference | None) -> str:
    if difference is None:
        return '– | –'
    return f'{difference.value:+.3f} ± {difference.error:.3f} | {difference.finding}'


def _mean(runs: Sequence[RunRecord], metric: Metric) -> tuple[float, float] | None:
    """Return mean and standard error of a metric. None if a run lacks one of them."""
    values, errors = (
        [figure for run in runs if (figure := column.figure(run.scores, MODEL)) is not None]
        for column in (metric.figure, metric.error)
    )
    if min(len(values), len(errors)) < len(runs):
        return None
    over_seeds = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return fmean(values), math.hypot(fmean(errors), over_seeds)
