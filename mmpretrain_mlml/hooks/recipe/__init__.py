"""Hooks that make up the released training recipe, and starts and layouts that go with it."""
