"""Time to load a label list with COCOMissingLabel, against parsing and pickling it without checks.

    python benchmarks/label_list.py coco_train_0.4left.txt

The peer does the least that a serialised list of samples needs: it splits the lines, builds one dict
per image, pickles each and joins them. The two alternate; the medians are compared. The second
comparison hides all other objects of the process from the garbage collector, as if there were none.
"""

import argparse
import gc
import json
import pickle
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from mmengine.logging import MMLogger

from mmpretrain_mlml import COCOMissingLabel


def load_unchecked(path: Path) -> tuple[bytes, list[int]]:
    rows = []
    for line in path.read_text().splitlines():
        name, ids = line.split(',')
        label = [int(index) for index in ids.split()]
        rows.append({'img_path': f'train2014/{name}', 'gt_label': label})
    pickled = [pickle.dumps(row, protocol=4) for row in rows]
    return b''.join(pickled), [len(row) for row in pickled]


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(path: Path, repeat: int) -> dict[str, float]:
    """Return the median times of both, in seconds, and their ratio."""
    pairs = [
        (
            seconds(lambda: COCOMissingLabel(str(path), data_prefix='train2014')),
            seconds(lambda: load_unchecked(path)),
        )
        for _ in range(repeat)
    ]
    ours, peer = (statistics.median(column) for column in zip(*pairs))
    return {'COCOMissingLabel_s': ours, 'plain_s': peer, 'ratio': ours / peer}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('list', type=Path, help='label list, one "name,ids" per line')
    parser.add_argument('--repeat', type=int, default=15, help='pairs of measurements')
    args = parser.parse_args()
    MMLogger.get_instance('benchmark', log_level='WARNING')  # the data set logs what it loads
    result = {'with garbage collection': compare(args.list, args.repeat)}
    gc.collect()
    gc.freeze()
    gc.disable()
    result['without garbage collection'] = compare(args.list, args.repeat)
    print(json.dumps(result, indent=2))


if __name__ == '__main__':
    main()
