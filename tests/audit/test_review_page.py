"""The review page in real browsers, without a network: Chromium, and Firefox where it is installed."""

import contextlib
import csv
import os
import re
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from helpers.browser import CHROMIUM, OPTIONS, chromium, opened, started_playwright
from PIL import Image

from mmpretrain_mlml.audit import apply_decisions, propose, read_decisions, write_review_pages
from mmpretrain_mlml.labels import LabelTable

HOSTILE = (
    '<img src=x onerror=document.title="hacked"></script><script>document.title="hacked"</script>'
)
NAMES = ['a "quoted", name.jpg', f'{HOSTILE}.jpg', *(f'photo {n}.jpg' for n in range(58))]
CLASSES = ['dog', HOSTILE, '=1+1']

FIREFOX = shutil.which('firefox') or shutil.which('firefox-esr')


@pytest.fixture(scope='module')
def playwright():
    with started_playwright() as running:
        yield running


@pytest.fixture(scope='module')
def browser(playwright):
    with chromium(playwright) as started:
        yield started


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
    with opened(browser, folder / 'review.html') as page:
        wait_until_ready(page)
        yield page


def open_page(page, folder):
    page.goto((folder / 'review.html').as_uri())
    wait_until_ready(page)


def wait_until_ready(page):
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


def wait_until(page, expression):
    """Wait for JavaScript to be true; the policy of the page forbids wait_for_function."""
    for _ in range(100):
        if page.evaluate(expression):
            return
        time.sleep(0.1)
    raise AssertionError(f'not true within 10 s: {expression}')


def wait_for_message(page, text):
    page.locator('#message', has_text=text).wait_for()


def accept_sheet(page, presses=9, next_sheet=True):
    """Press R until nothing of this sheet is left: a key accepts what has been on the screen."""
    sheet = page.locator('#sheet').inner_text()
    for _ in range(presses):
        page.keyboard.press('r')
        if 'not been on the screen yet' not in page.locator('#message').inner_text():
            break
    assert (page.locator('#sheet').inner_text() != sheet) == next_sheet


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
    table = LabelTable.from_positives(NAMES, [[] for _ in NAMES], CLASSES)
    applied = apply_decisions(table, decisions).dense()
    assert ((applied == 1).sum(0).tolist(), (applied == 0).sum(0).tolist()) == (
        [46, 0, 0],
        [1, 0, 0],
    )


@pytest.mark.slow
def test_the_same_in_firefox(playwright, folder, tmp_path):
    if FIREFOX is None:
        pytest.skip('no Firefox on this machine')
    # Firefox as it is installed, not a build of Playwright
    browser = playwright.firefox.launch(channel='moz-firefox', executable_path=FIREFOX)
    context = browser.new_context()
    page = context.new_page()
    problems = []
    page.on('pageerror', lambda error: problems.append(str(error)))
    open_page(page, folder)
    choose(page, 'dog')
    assert page.locator('.tile').count() == 48
    assert page.locator('.tile img').first.evaluate('i => i.decode().then(() => i.naturalWidth)')
    page.locator('.tile').nth(3).click()
    page.keyboard.press('ArrowRight')
    page.keyboard.press('u')
    accept_sheet(page)
    page.locator('#size').select_option('0')
    page.locator('.tile').first.focus()
    page.keyboard.press('l')
    assert page.locator('#large').is_visible()
    page.keyboard.press('Escape')
    wait_until(page, '!writing')
    page.close()

    again = context.new_page()
    open_page(again, folder)
    assert '48 earlier decisions are back' in again.locator('#message').inner_text()
    (tmp_path / 'saved.csv').write_text(again.evaluate('asCsv()'))
    kinds = [decision.decision for decision in read_decisions(tmp_path / 'saved.csv')]
    assert (kinds.count('present'), kinds.count('absent'), kinds.count('unsure')) == (46, 1, 1)
    assert problems == []
    browser.close()


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


def test_other_proposals_take_decisions_over_only_when_asked(page, folder, proposals):
    page.locator('.tile').nth(1).click()
    assert count(page).startswith('1 of')
    assert page.locator('#earlier-open').is_hidden()
    write_review_pages(folder, proposals[1:], NAMES, CLASSES, picture, title='Review of <b>')
    open_page(page, folder)
    assert count(page).startswith('0 of')
    wait_for_message(page, '1 of them about entries of this page')
    page.locator('#earlier-open').click()
    with page.expect_download() as download:
        page.locator('#earlier').get_by_role('button', name='Save').click()
    (earlier,) = read_decisions(download.value.path())
    assert earlier.decision == 'absent'
    page.locator('#earlier').get_by_role('button', name='Take over').click()
    wait_for_message(page, '1 decisions loaded')
    assert count(page).startswith('1 of')


def test_a_conflict_is_listed_until_somebody_decides(page, tmp_path):
    files = []
    for name, dog, other in (('Ann', 'present', 'unsure'), ('Bob', 'absent', 'present')):
        files.append(tmp_path / f'{name}.csv')
        files[-1].write_text(
            'image,class,decision,reviewer\n'
            f'photo 0.jpg,dog,{dog},{name}\nphoto 1.jpg,dog,{other},{name}\n'
        )
    page.locator('#load').set_input_files(files)
    wait_for_message(page, '1 disagree with an earlier decision')
    page.locator('#conflicts-open').click()
    assert page.locator('#conflict-rows tr').all_inner_texts() == [
        'photo 0.jpg\tdog\t✓ present (Ann)\t✗ absent (Bob)'
    ]
    page.locator('#conflicts-close').click()
    open_page(page, tmp_path)  # conflicts are kept, too
    choose(page, 'dog')
    page.locator('#state').select_option('conflict')
    assert page.locator('.tile').count() == 1
    page.locator('.tile').focus()
    page.keyboard.press('a')
    assert page.locator('#conflicts-open').is_hidden()
    saved_ones = {one.image: one.decision for one in read_decisions(saved(page, tmp_path))}
    assert saved_ones == {'photo 0.jpg': 'absent', 'photo 1.jpg': 'present'}


def test_decisions_survive_a_killed_browser(playwright, browser, folder, tmp_path_factory):
    profile = tmp_path_factory.mktemp('profile')
    for before in ('0', '3'):
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=OPTIONS
        )
        page = context.new_page()
        open_page(page, folder)
        assert count(page).startswith(f'{before} of')
        page.locator('.tile').first.focus()
        for key in 'pau':
            page.keyboard.press(key)
        wait_until(page, '!writing')
        for process in Path('/proc').glob('[0-9]*/cmdline'):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                if f'--user-data-dir={profile}' in process.read_text():
                    os.kill(int(process.parent.name), signal.SIGKILL)


def test_the_rest_is_what_has_been_on_the_screen(page, proposals):
    page.locator('#class').select_option('')
    page.locator('#size').select_option('0')
    assert page.locator('.tile').count() < len(proposals)  # a long sheet is not all in the page
    page.keyboard.press('Tab')
    page.locator('.tile').first.focus()
    page.keyboard.press('r')
    message = page.locator('#message').inner_text()
    accepted, rest = map(int, re.findall(r'\d+', message))
    assert 0 < accepted < 48
    assert accepted + rest == len(proposals)
    assert page.evaluate('document.activeElement.proposal.index') == page.evaluate(
        'shown[+count.textContent.split(" ")[0]].index'
    )
    accept_sheet(page, presses=40, next_sheet=False)
    assert count(page) == f'{len(proposals)} of {len(proposals)} decided'


def test_the_large_view_decides_moves_and_zooms(page, folder, proposals):
    boxes = np.tile([0.25, 0.5, 0.25, 0.25], (len(proposals), 1))
    boxes[proposals['class'] == 1] = np.nan
    write_review_pages(folder, proposals, NAMES, CLASSES, picture, boxes=boxes, title='x')
    open_page(page, folder)
    choose(page, 'dog')
    page.locator('.tile').first.focus()
    page.keyboard.press('l')
    first = page.locator('#large-caption').inner_text()
    page.locator('#outline').wait_for()
    outline, canvas = page.locator('#outline').bounding_box(), page.locator('#frame').bounding_box()
    assert 0 < outline['width'] < canvas['width'] / 2
    page.keyboard.press('m')
    wait_until(page, "document.getElementById('canvas').getAnimations().length === 0")
    zoomed = page.locator('#outline').bounding_box()
    assert zoomed['height'] > 2 * outline['height']
    middle = zoomed['y'] + zoomed['height'] / 2
    assert middle == pytest.approx(canvas['y'] + canvas['height'] / 2, abs=6)
    page.keyboard.press('a')
    assert page.locator('#large-caption').inner_text() != first
    page.keyboard.press('ArrowLeft')
    assert page.locator('#large-caption').inner_text() == f'{first}: ✗ absent'
    page.keyboard.press('Escape')
    assert page.evaluate('document.activeElement === tiles.get(0)')
    choose(page, HOSTILE)
    page.locator('.tile').first.focus()
    page.keyboard.press('l')
    assert page.locator('#zoom').is_hidden()


ROLES = {
    'button',
    'textbox',
    'combobox',
    'spinbutton',
    'image',
    'dialog',
    'progressbar',
    'link',
    'table',
}


def test_a_screen_reader_finds_names_landmarks_and_what_changes(page):
    def nodes():
        tree = page.context.new_cdp_session(page).send('Accessibility.getFullAXTree')['nodes']
        return [
            (node['role']['value'], node.get('name', {}).get('value', ''), node)
            for node in tree
            if not node['ignored']
        ]

    found = nodes()
    assert {'banner', 'main', 'navigation', 'heading', 'status', 'group'} <= {
        one for one, _, _ in found
    }
    assert [(role, node) for role, name, node in found if role in ROLES and not name] == []
    choose(page, 'dog')
    page.locator('.tile').first.focus()
    focused = page.locator('.tile').first.get_attribute('aria-label')
    assert focused.endswith('%, undecided')
    page.keyboard.press('a')
    assert page.locator('[role=status]').first.inner_text() == focused.replace(
        ', undecided', ': absent.'
    )
    page.keyboard.press('o')
    page.keyboard.press('p')
    assert page.locator('#message').inner_text().startswith('present. Next: ')
    page.keyboard.press('l')
    opened = nodes()
    assert [name for role, name, _ in opened if role == 'dialog'] == [
        page.locator('#large-caption').inner_text()
    ]
    assert [(role, node) for role, name, node in opened if role in ROLES and not name] == []


CONTRASTS = """() => {
  const style = getComputedStyle(document.documentElement);
  const luminance = (name) => {
    const probe = document.createElement('i');
    probe.style.color = style.getPropertyValue(name);
    document.body.append(probe);
    const parts = getComputedStyle(probe).color.match(/[0-9.]+/g).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    probe.remove();
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const pairs = [];
  for (const front of ['--text', '--quiet', '--present', '--absent', '--unsure', '--focus']) {
    for (const back of ['--back', '--panel']) {
      const [low, high] = [luminance(front), luminance(back)].sort((a, b) => a - b);
      pairs.push([front, back, (high + 0.05) / (low + 0.05)]);
    }
  }
  return pairs;
}"""


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_texts_stand_out_in_light_and_dark(page, scheme):
    page.emulate_media(color_scheme=scheme)
    back = page.evaluate('getComputedStyle(document.body).backgroundColor')
    assert (back == 'rgb(255, 255, 255)') == (scheme == 'light')
    assert [pair for pair in page.evaluate(CONTRASTS) if pair[2] < 4.5] == []  # WCAG 2, AA


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
