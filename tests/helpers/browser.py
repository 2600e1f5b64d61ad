"""Chromium without a network, for tests of pages."""

import shutil
from contextlib import contextmanager

import pytest

CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')
OPTIONS = ['--no-sandbox', '--disable-gpu']


@contextmanager
def started_playwright():
    """Start Playwright; skip the test where it is not installed."""
    playwright = pytest.importorskip('playwright.sync_api')
    with playwright.sync_playwright() as running:
        yield running


@contextmanager
def chromium(playwright):
    """Start Chromium; skip the test where there is none."""
    if CHROMIUM is None:
        pytest.skip('no Chromium on this machine')
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
    yield browser
    browser.close()


@contextmanager
def opened(browser, path):
    """Open a page; fail if its script fails or its policy refuses something."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    problems = []
    page.on('pageerror', lambda error: problems.append(str(error)))
    page.on('console', lambda message: problems.append(message.text))
    page.goto(path.as_uri())
    yield page
    assert problems == []
    context.close()
