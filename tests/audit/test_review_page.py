"""The review page in a real browser: Chromium, without a network."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmpretrain_mlml.audit import propose, read_decisions, write_review_pages

HOSTILE = (
    '<img src=x onerror=document.title="hacked"></script><script>document.title="hacked"</script>'
)
NAMES = ['a "quoted", name.jpg', f'{HOSTILE}.jpg', *(f'photo {n}.jpg' for n in range(58))]
CLASSES = ['dog', HOSTILE, '=1+1']

CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')


@pytest.fixture(scope='module')
def browser():
    playwright = pytest.importorskip('playwright.sync_api')
    if CHROMIUM is None:
        pytest.skip('no Chromium on this machine')
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=CHROMIUM, args=['--no-sandbox', '--disable-gpu']
        )
        yield browser
        browser.close()


@pytest.fixture(scope='module')
def proposals():
    random = np.random.default_rng(0)
    labels = np.full((len(NAMES), len(CLASSES)), -1)
    labels[:2, 0] = 1
    return propose(random.random(labels.shape), labels, order='probability')


@pytest.fixture
def folder(tmp_path, proposals):
    write_review_pages(tmp_path, proposals, NAMES, CLASSES, picture, title='Review of <b>')
    return tmp_path


def picture(index):
    return Image.new('RGB', (80, 60), (index * 4 % 256, 90, 120))


@pytest.fixture
def page(browser, folder):
    context = browser.new_context(accept_downloads=True, offline=True)
    page = context.new_page()
    page.problems = []
    page.on('pageerror', lambda error: page.problems.append(str(error)))
    page.on('console', lambda message: page.problems.append(message.text))
    open_page(page, folder)
    yield page
    assert page.problems == []
    context.close()


def open_page(page, folder):
    page.goto((folder / 'review.html').as_uri())
    page.locator('body[data-ready]').wait_for()


def choose(page, class_name):
    index = CLASSES.index(class_name)
    texts = page.locator('#class option').all_inner_texts()
    page.locator('#class').select_option(
        index=[t.startswith(class_name) for t in texts].index(True)
    )
    return index


def saved(page, tmp_path):
    with page.expect_download() as download:
        page.locator('#save').click()
    path = tmp_path / 'saved.csv'
    download.value.save_as(path)
    return path


def wait_for_message(page, text):
    page.locator('#message', has_text=text).wait_for()


def accept_sheet(page):
    """Press R until nothing of this sheet is left: a key accepts what has been on the screen."""
    sheet = page.locator('#sheet').inner_text()
    for _ in range(9):
        page.keyboard.press('r')
        if 'not been on the screen yet' not in page.locator('#message').inner_text():
            break
    assert page.locator('#sheet').inner_text() != sheet


def count(page):
    return page.locator('#count').inner_text().split(',')[0]


def test_decisions_are_made_kept_and_saved(page, folder, tmp_path, proposals):
    choose(page, 'dog')
    tiles = page.locator('.tile')
    assert tiles.count() == 48  # one sheet
    tiles.nth(3).click()
    assert tiles.nth(3).get_attribute('data-state') == 'absent'
    page.keyboard.press('ArrowRight')
    page.keyboard.press('u')
    accept_sheet(page)
    assert count(page) == f'48 of {len(proposals)} decided'
    page.close(run_before_unload=False)

    again = page.context.new_page()
    open_page(again, folder)
    assert '48 earlier decisions are back' in again.locator('#message').inner_text()
    decisions = read_decisions(saved(again, tmp_path))
    kinds = [decision.decision for decision in decisions]
    assert (kinds.count('present'), kinds.count('absent'), kinds.count('unsure')) == (46, 1, 1)
    assert {decision.class_name for decision in decisions} == {'dog'}
    dogs = proposals[proposals['class'] == 0]
    absent = next(one for one in decisions if one.decision == 'absent')
    assert absent.image == NAMES[dogs['image'][3]]


def test_the_keyboard_alone_is_enough(page):
    choose(page, 'dog')
    page.keyboard.press('Tab')  # leave the select element
    page.locator('.tile').first.focus()
    page.keyboard.press('o')
    for key in 'pau':
        page.keyboard.press(key)
    page.keyboard.press('z')
    assert count(page).startswith('2 of')
    page.keyboard.press('o')
    states = [page.locator('.tile').nth(n).get_attribute('data-state') for n in range(3)]
    assert states == ['present', 'absent', 'undecided']
    page.keyboard.press('?')
    assert page.locator('#keys').is_visible()
    page.keyboard.press('Escape')
    page.keyboard.press('l')
    assert page.locator('#large').is_visible()
    page.keyboard.press('Escape')
    page.keyboard.press('n')
    assert page.locator('#sheet').inner_text().startswith('sheet 2 of 2')


def test_names_are_text_and_never_markup(page, tmp_path):
    assert page.title() == 'Review of <b>'
    choose(page, HOSTILE)
    assert HOSTILE in page.locator('#question').inner_text()
    page.keyboard.press('Tab')
    page.locator('.tile').first.focus()
    page.keyboard.press('r')
    names = {decision.class_name for decision in read_decisions(saved(page, tmp_path))}
    assert names == {HOSTILE}
    assert page.title() == 'Review of <b>'
    assert page.locator('img[onerror]').count() == 0


def test_saved_decisions_are_loaded_and_strange_ones_named(page, tmp_path):
    file = tmp_path / 'from_bob.csv'
    with file.open('w', newline='') as out:
        rows = csv.writer(out)
        rows.writerow(['image', 'class', 'decision', 'reviewer', 'time'])
        rows.writerow(['photo 0.jpg', 'dog', 'absent', 'Bob', '2026-01-02T03:04:05Z'])
        rows.writerow([NAMES[1], HOSTILE, 'present', 'Bob', ''])
        rows.writerow(['elsewhere.jpg', 'dog', 'present', 'Bob', ''])
    page.locator('#load').set_input_files(file)
    wait_for_message(page, 'loaded')
    message = page.locator('#message').inner_text()
    assert (
        message == '2 decisions loaded. 1 are not about proposals of this page and were left out.'
    )
    back = {
        (one.image, one.decision, one.reviewer) for one in read_decisions(saved(page, tmp_path))
    }
    assert back == {('photo 0.jpg', 'absent', 'Bob'), (NAMES[1], 'present', 'Bob')}

    file.write_text('image,class,decision\nphoto 0.jpg,dog,present\n')
    page.locator('#load').set_input_files(file)
    wait_for_message(page, 'disagree')
    file.write_text('image,class,decision\nphoto 1.jpg,dog,maybe\n')
    page.locator('#load').set_input_files(file)
    wait_for_message(page, 'maybe')
    assert 'from_bob.csv:2' in page.locator('#message').inner_text()
    assert count(page).startswith('2 of')


def test_filters_choose_what_is_shown(page, proposals):
    choose(page, 'dog')
    page.keyboard.press('Tab')
    page.locator('.tile').first.focus()
    page.keyboard.press('a')
    page.locator('#state').select_option('absent')
    assert page.locator('.tile').count() == 1
    page.locator('#state').select_option('')
    page.locator('#from').fill('80')
    page.locator('#from').dispatch_event('change')
    dogs = proposals[proposals['class'] == 0]
    assert page.locator('.tile').count() == min(48, (dogs['probability'].round(4) >= 0.8).sum())


def test_other_proposals_do_not_inherit_decisions(page, folder, proposals):
    page.locator('.tile').first.click()
    assert count(page).startswith('1 of')
    write_review_pages(folder, proposals[1:], NAMES, CLASSES, picture)
    open_page(page, folder)
    assert count(page).startswith('0 of')


def test_many_proposals_are_split_and_many_pictures_are_files(browser, tmp_path, proposals):
    pages = write_review_pages(
        tmp_path, proposals, NAMES, CLASSES, picture, proposals_a_page=70, inline_bytes=1000
    )
    assert [path.name for path in pages] == ['review.html', 'review-2.html', 'review-3.html']
    view = browser.new_page()
    open_page(view, tmp_path)
    first = view.locator('.tile img').first
    assert 'review_images/' in first.get_attribute('src')
    assert first.evaluate('image => image.decode().then(() => image.naturalWidth)') == 80
    view.get_by_role('link', name='2', exact=True).click()
    assert view.title().endswith('2')
    view.close()


def test_a_page_needs_nothing_beside_it_and_names_no_other_host(folder):
    assert [path.name for path in Path(folder).iterdir()] == ['review.html']
    text = (folder / 'review.html').read_text()
    assert 'http://' not in text
    assert 'https://' not in text


def test_boxes_that_do_not_fit_are_refused(tmp_path, proposals):
    with pytest.raises(ValueError, match=r'boxes of shape \(\d+, 4\), got \(2, 4\)'):
        write_review_pages(tmp_path, proposals, NAMES, CLASSES, picture, boxes=np.zeros((2, 4)))
