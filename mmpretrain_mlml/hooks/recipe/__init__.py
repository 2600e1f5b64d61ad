"""Hooks that make up the released training recipe."""
