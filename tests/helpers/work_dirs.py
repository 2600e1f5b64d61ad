"""Work directories of runs that were never trained."""

import json

from mmengine.config import Config

from mmpretrain_mlml import config


def write_run(
    folder, scores, time='20260101_000000', first=1, name='coco_0.4left_splc.py', **changes
):
    """What a run leaves, without its weights; a score may be a pair of averaged and raw, or a dict."""
    cfg = Config.fromfile(config(name))
    cfg.merge_from_dict(changes)
    log = folder / time / 'vis_data'
    log.mkdir(parents=True)
    cfg.dump(str(log / 'config.py'))
    rows = [{'loss': 1.0, 'step': 5}]
    for step, score in enumerate(scores, first):
        if not isinstance(score, dict):
            averaged, raw = score if isinstance(score, tuple) else (score, score - 1)
            score = {'multi-label/mAP': averaged, 'raw/multi-label/mAP': raw}
        rows.append({**score, 'step': step})
    (log / 'scalars.json').write_text('\n'.join(json.dumps(row) for row in rows))
