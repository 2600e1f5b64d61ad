"""Pictures of the review page for its documentation, on embedded scenes of digits.

    python experiments/review_screenshots.py --out docs

Needs playwright and Chromium. Scores are drawn, so that some proposals are wrong, and the boxes of
where the model looks lie around a digit.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from mmpretrain_mlml.audit import propose, write_review_pages
from mmpretrain_mlml.datasets.digit_scenes import make_scenes

SCENES, CLASSES, SIDE = 300, 10, 192
SIZE = {'width': 1320, 'height': 800}


def write_page(folder: str) -> tuple[Path, set[str]]:
    """Write a page; return it and the wrong proposals, as the page describes them."""
    random = np.random.default_rng(0)
    scenes, digits = make_scenes('train', SCENES)
    full = np.array([[digit in found for digit in range(CLASSES)] for found in digits])
    labels = np.where(full & (random.random(full.shape) < 0.6), 1, -1)
    scores = np.clip(0.22 * full + 0.77 * random.random(full.shape), 0, 0.99)
    proposals = propose(scores, labels, 500, order='probability')
    (page,) = write_review_pages(
        folder,
        proposals,
        [f'scenes/{number:03}.png' for number in range(SCENES)],
        [f'digit {digit}' for digit in range(CLASSES)],
        lambda number: Image.fromarray(scenes[number][..., 0]).resize((SIDE, SIDE)),
        boxes=np.array([brightest(scenes[image][..., 0]) for image in proposals['image']]),
        title='Review of my_tags',
    )
    wrong = proposals[~full[proposals['image'], proposals['class']]]
    return page, {f'scenes/{image:03}.png, digit {digit}' for image, digit, *_ in wrong.tolist()}


def brightest(scene: np.ndarray) -> list[float]:
    """Return the box of the cell, of 3 x 3, that holds most ink."""
    side = scene.shape[0] // 3
    ink = scene[: 3 * side, : 3 * side].reshape(3, side, 3, side).sum((1, 3))
    row, column = np.unravel_index(ink.argmax(), ink.shape)
    return [column / 3, row / 3, 1 / 3, 1 / 3]


def draw(browser: Browser, url: str, wrong: set[str], out: Path) -> None:
    for scheme in ('light', 'dark'):
        page = browser.new_page(color_scheme=scheme, viewport=SIZE)  # type: ignore[arg-type]
        page.goto(url)
        page.locator('body[data-ready]').wait_for()
        page.locator('#reviewer').fill('Ann')
        for position in range(20):
            tile = page.locator('.tile').nth(position)
            if (tile.get_attribute('aria-label') or '').rsplit(',', 2)[0] in wrong:
                tile.click()
            elif position < 8:
                tile.focus()
                page.keyboard.press('p')
        page.mouse.move(0, 0)
        page.locator('.tile').nth(8).focus()
        page.wait_for_timeout(500)
        page.screenshot(path=out / f'review_grid_{scheme}.png')
        if scheme == 'dark':
            page.keyboard.press('l')
            page.wait_for_timeout(500)
            page.screenshot(path=out / 'review_large.png')
        page.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--out', type=Path, default=Path('docs'))
    args = parser.parse_args()
    program = shutil.which('chromium') or shutil.which('google-chrome')
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=['--no-sandbox', '--disable-gpu']
        )
        page, wrong = write_page(folder)
        draw(browser, page.as_uri(), wrong, args.out)
        browser.close()


if __name__ == '__main__':
    main()
