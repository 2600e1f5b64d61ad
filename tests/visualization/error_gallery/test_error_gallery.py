"""The page of errors in a real browser: Chromium, without a network."""

import numpy as np
import pytest
from helpers.browser import chromium, opened, started_playwright
from PIL import Image

from mmpretrain_mlml.evaluation import Predictions, find_errors
from mmpretrain_mlml.visualization import write_error_gallery

HOSTILE = (
    '<img src=x onerror=document.title="hacked"></script><script>document.title="hacked"</script>'
)
CLASSES = ['dog', HOSTILE, '=1+1', 'cat', 'never']
NAMES = ['a "quoted", name.jpg', f'{HOSTILE}.jpg', *(f'photo {n}.jpg' for n in range(78))]


@pytest.fixture(scope='module')
def browser():
    with started_playwright() as playwright, chromium(playwright) as started:
        yield started


@pytest.fixture(scope='module')
def predictions():
    random = np.random.default_rng(0)
    scores = random.random((80, 5)).astype(np.float32)
    targets = random.integers(-1, 2, scores.shape)
    targets[:, 4], scores[:, 4] = 0, 0.1
    targets[:2], scores[:2] = [1, 1, 1, 1, 0], 0.0
    return Predictions(scores, targets, np.array(NAMES), np.array(CLASSES))


def picture(index):
    return Image.new('RGB', (80, 60), (index * 3 % 256, 90, 120))


@pytest.fixture
def page(browser, predictions, tmp_path):
    (path,) = write_error_gallery(tmp_path / 'new', predictions, picture, title='Errors <b>')
    with opened(browser, path) as view:
        yield view


def titles(page):
    return page.locator('h2').all_text_contents()  # inner text is that of what is on the screen


def test_each_class_shows_its_worst_errors(page, predictions):
    found = find_errors(predictions.scores, predictions.targets)
    number = found.number_false + found.number_missed
    order = [CLASSES[n] for n in np.argsort(-number, kind='stable') if number[n]]
    assert titles(page) == order
    assert 'never' not in titles(page)
    assert page.locator('.tile').count() == len(found.false_positives) + len(found.misses)
    assert all(tile.bounding_box()['height'] > 150 for tile in page.locator('.tile').all()[:20])
    page.locator('#class').select_option('3')
    assert titles(page) == ['cat']
    for style, part in (('wrong', found.false_positives), ('missed', found.misses)):
        part = part[part['class'] == 3]
        texts = page.locator(f'.{style}').all_inner_texts()
        assert [text.split('\n')[0] for text in texts] == [
            f'{100 * p:.1f} %' for p in part['probability'].round(4)
        ]
        assert [text.split('\n')[-1] for text in texts] == [NAMES[n] for n in part['image']]
    shown = page.locator('section p').inner_text()
    assert f'{found.number_false[3]} false positives, {found.number_missed[3]} missed of' in shown
    assert 'predicted above 50.0 %' in shown
    assert (
        f'False positives (12 of {found.number_false[3]})' in page.locator('h3').all_inner_texts()
    )


def test_kinds_and_orders_are_chosen(page):
    page.locator('#kind').select_option('0')
    assert page.locator('.missed').count() == 0 < page.locator('.wrong').count()
    page.locator('#order').select_option('name')
    assert titles(page)[-1] == 'dog'
    assert (
        f'{page.locator(".tile").count()} errors of 4 classes'
        in page.locator('p').first.inner_text()
    )


def test_the_large_view_shows_all_tags_and_takes_the_keyboard(page, predictions):
    page.locator('#class').select_option('0')
    page.locator('#kind').select_option('1')
    page.locator('.tile').first.click()
    assert page.locator('#caption').inner_text() == f'{NAMES[0]} (1 of 12)'
    tags = page.locator('#tags li').all_inner_texts()
    assert len(tags) == 4
    assert all(tag.endswith(' 0.0 %: ○ labelled, not predicted') for tag in tags)
    assert page.locator('#tags li[data-this]').inner_text().startswith('dog ')
    page.keyboard.press('ArrowRight')
    assert page.locator('#caption').inner_text().endswith('(2 of 12)')
    page.keyboard.press('ArrowLeft')
    page.keyboard.press('ArrowLeft')
    assert page.locator('#caption').inner_text().endswith('(12 of 12)')
    page.keyboard.press('Escape')
    page.locator('.tile:focus').wait_for()
    assert not page.locator('#large').is_visible()
    assert page.evaluate('document.activeElement === document.querySelectorAll(".tile")[11]')


def test_names_are_text_and_never_markup(page, tmp_path):
    assert page.title() == 'Errors <b>'
    assert HOSTILE in titles(page)
    page.locator('#class').select_option('1')
    page.locator('.missed', has_text=HOSTILE).first.click()
    assert HOSTILE in page.locator('#caption').inner_text()
    assert page.title() == 'Errors <b>'
    assert page.locator('img[onerror]').count() == 0
    text = (tmp_path / 'new/errors.html').read_text()
    assert 'http://' not in text
    assert 'https://' not in text


def test_many_errors_are_split_and_pictures_are_opened_from_their_files(
    browser, predictions, tmp_path
):
    photo = tmp_path / 'photos/a #1.png'
    photo.parent.mkdir()
    Image.new('RGB', (300, 200)).save(photo)
    pages = write_error_gallery(
        tmp_path / 'out', predictions, picture, threshold=np.full(5, 0.3), errors_a_page=30,
        file_of=lambda index: photo if index else tmp_path / 'gone.png',
    )  # fmt: skip
    assert [path.name for path in pages[:2]] == ['errors.html', 'errors-2.html']
    view = browser.new_page()
    view.goto(pages[0].as_uri())
    view.locator('.tile', has_text='photo').first.click()
    wide = 'image => image.decode().then(() => image.naturalWidth)'
    assert view.locator('#picture').evaluate(wide) == 300
    view.keyboard.press('Escape')
    view.locator('.tile', has_text='a "quoted"').first.click()
    view.locator('#picture[src^="data:"]').wait_for()  # instead of the file, which has gone
    view.keyboard.press('Escape')
    view.get_by_role('link', name='2', exact=True).click()
    assert view.title() == 'Errors 2'
    shown = set(view.locator('h2').all_text_contents())
    view.goto(pages[0].as_uri())
    assert not shown & set(view.locator('h2').all_text_contents())
    view.close()


def test_without_errors_the_page_says_so(browser, tmp_path):
    perfect = Predictions(np.eye(2), np.eye(2), np.array(['a', 'b']), np.array(['x', 'y']))
    (path,) = write_error_gallery(tmp_path, perfect, picture, topk=1)
    with opened(browser, path) as view:
        assert view.locator('#message').inner_text() == 'No errors.'


def test_thousands_of_classes_show_fewer_errors_each(tmp_path):
    random = np.random.default_rng(0)
    targets = (random.random((6, 4000)) < 0.5).astype(np.int8)
    arrays = np.arange(6).astype(str), np.arange(4000).astype(str)
    many = Predictions(random.random(targets.shape), targets, *arrays)
    opened_pictures = []
    pages = write_error_gallery(
        tmp_path, many, lambda index: opened_pictures.append(index) or picture(index)
    )
    assert opened_pictures == list(range(6))  # each once
    assert 1 < len(pages) < 8
