"""Time to open the review page, to decide and to scroll it, in a real browser.

    python benchmarks/review_page.py
    python benchmarks/review_page.py --thumbnails beside --browser firefox

Needs playwright and Chromium or Firefox. Draws as many pictures as there are proposals, whose
thumbnails have the size of those of photographs, and writes the page into a temporary folder. "open"
is the time from the navigation until the first sheet stands and its pictures are decoded, in a
browser that has just started; "scroll" moves a sheet of all proposals by a third of the window in
each frame. The CPU is that of the page's main thread, which other programs do not change.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from mmpretrain_mlml.audit import propose, write_review_pages
from mmpretrain_mlml.pages.thumbnails import INLINE_BYTES

CLASSES = 80
SCROLL = """async () => {
  const times = [];
  const end = document.documentElement.scrollHeight - innerHeight;
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  for (let y = 0, last = await frame(); y < end && times.length < 150; y += innerHeight / 3) {
    scrollTo(0, y);
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  return times;
}"""
FIRST_PICTURES = """async () => {
  const pictures = [...document.querySelectorAll('.tile img[src]')];
  await Promise.all(pictures.map((picture) => picture.decode()));
  return [pictures.length, performance.now()];
}"""
DECIDE = """async () => {
  const press = () => document.activeElement.dispatchEvent(
    new KeyboardEvent('keydown', {key: 'p', bubbles: true}));
  document.querySelector('.tile').focus();
  const times = [];
  for (let n = 0; n < 40; n++) {
    const start = performance.now();
    press();
    times.push(performance.now() - start);
    await new Promise(requestAnimationFrame);
  }
  return times;
}"""


class Pictures:
    """Smooth noise with the detail of a photograph, other for each index."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self.grains = [
            Image.fromarray(
                random.integers(0, 256, (height, height * 4 // 3, 3), dtype=np.uint8)
            ).resize((256, 208), Image.Resampling.BICUBIC)
            for height in (6, 20, 60)
        ]

    def __call__(self, index: int) -> Image.Image:
        offsets = np.random.default_rng(index).integers(0, 64, (len(self.grains), 2))
        mixed: Any = None
        for (x, y), grain in zip(offsets.tolist(), self.grains):
            part = grain.crop((x, y, x + 192, y + 144))
            mixed = part if mixed is None else Image.blend(mixed, part, 0.45)
        return mixed


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--proposals', type=int, default=5000)
    parser.add_argument('--thumbnails', choices=['inside', 'beside', 'default'], default='default')
    parser.add_argument('--browser', choices=['chromium', 'firefox'], default='chromium')
    parser.add_argument('--repeat', type=int, default=3)
    args = parser.parse_args()
    probabilities = np.random.default_rng(0).random((args.proposals, CLASSES))
    labels = np.ones_like(probabilities, int)
    labels[np.arange(args.proposals), np.arange(args.proposals) % CLASSES] = -1
    proposals = propose(probabilities, labels)  # one a picture
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        pages = write_review_pages(
            folder,
            proposals,
            [f'photos/{n:06}.jpg' for n in range(args.proposals)],
            [f'class {n}' for n in range(CLASSES)],
            Pictures(),
            inline_bytes={'inside': 1 << 40, 'beside': 0}.get(args.thumbnails, INLINE_BYTES),
        )
        written = time.perf_counter() - start
        beside = list(Path(folder, 'review_images').glob('*'))
        sizes = [path.stat().st_size / 1e6 for path in (*pages, *beside)]
        print(
            f'{args.proposals} proposals: {len(pages)} pages of {sizes[0]:.1f} MB, {len(beside)} '
            f'thumbnails beside them of {sum(sizes[len(pages) :]):.1f} MB, written in {written:.0f} s'
        )
        for _ in range(args.repeat):
            print(measure(args.browser, pages[0].as_uri()))


def measure(name: str, url: str) -> str:
    with sync_playwright() as playwright:
        if name == 'chromium':
            options: dict[str, Any] = {'args': ['--no-sandbox', '--disable-gpu']}
            options['executable_path'] = shutil.which('chromium') or shutil.which('google-chrome')
        else:
            program = shutil.which('firefox') or shutil.which('firefox-esr')
            options = {'channel': 'moz-firefox', 'executable_path': program}
        browser = getattr(playwright, name).launch(**options)
        page = browser.new_page(viewport={'width': 1280, 'height': 800})
        metrics = page.context.new_cdp_session(page) if name == 'chromium' else None
        if metrics:  # seconds of CPU of the page's main thread, whatever else the machine does
            metrics.send('Performance.enable', {'timeDomain': 'threadTicks'})

        def cpu() -> float:
            values = metrics.send('Performance.getMetrics')['metrics'] if metrics else []
            return {one['name']: one['value'] for one in values}.get('TaskDuration', float('nan'))

        start = time.perf_counter()
        page.goto(url, wait_until='commit')
        page.locator('body[data-ready]').wait_for(state='attached')
        count, opened = page.evaluate(FIRST_PICTURES)
        outside = time.perf_counter() - start
        opening = cpu()
        page.wait_for_load_state('load')
        deciding = page.evaluate(DECIDE)
        start = time.perf_counter()
        page.locator('#class').select_option('')
        page.locator('#size').select_option('0')
        shown = page.locator('#sheet').inner_text()
        long_sheet = time.perf_counter() - start
        before = cpu()
        frames = page.evaluate(SCROLL)
        scrolling = (cpu() - before) / len(frames)
        browser.close()
    return (
        f'open {opened / 1000:.2f} s ({outside:.2f} s from outside, {opening:.2f} s of CPU, {count} '
        f'pictures); a decision {statistics.median(deciding):.1f} ms; {shown} drawn in '
        f'{long_sheet:.2f} s; scroll: median {statistics.median(frames):.0f} ms a frame, 95 % within '
        f'{np.percentile(frames, 95):.0f} ms, {1000 * scrolling:.1f} ms of CPU'
    )


if __name__ == '__main__':
    main()
