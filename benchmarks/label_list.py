"""Time to load the released 82,081-line list, against parsing and pickling it plainly.

    python benchmarks/label_list.py ../shared/coco_labels/coco_train_0.4left.txt

The peer checks nothing: it splits the lines, builds one dict an image, pickles each and joins them,
which is the least a serialised data list needs. Runs alternate; the medians are compared, once as it
is and once with all else in the process hidden from the garbage collector (as in a bare process).
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


def plain(path: Path) -> tuple[bytes, list[int]]:
    rows = []
    for line in path.read_text().splitlines():
        name, ids = line.split(',')
        label = [int(index) for index in ids.split()]
        rows.append({'img_path': f'train2014/{name}', 'gt_label': label})
    pickled = [pickle.dumps(row, protocol=4) for row in rows]
    return b''.join(pickled), [len(row) for row in pickled]


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def compare(path: Path, repeat: int) -> dict[str, float]:
    pairs = [
        (
            seconds(lambda: COCOMissingLabel(str(path), data_prefix='train2014')),
            seconds(lambda: plain(path)),
        )
        for _ in range(repeat)
    ]
    ours, peer = (statistics.median(column) for column in zip(*pairs))
    return {'COCOMissingLabel_s': ours, 'plain_s': peer, 'ratio': ours / peer}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('list', type=Path)
    parser.add_argument('--repeat', type=int, default=15)
    args = parser.parse_args()
    MMLogger.get_instance('benchmark', log_level='WARNING')  # the data set says what it loads
    result = {'as it is': compare(args.list, args.repeat)}
    gc.collect()
    gc.freeze()
    gc.disable()
    result['without garbage collection'] = compare(args.list, args.repeat)
    print(json.dumps(result, indent=2))


if __name__ == '__main__':
    main()
