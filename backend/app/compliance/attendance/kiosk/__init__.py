"""Kiosks: shared tablets that students clock in and out at, online or not."""
