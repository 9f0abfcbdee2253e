//! The one integration test binary; a module per stage. See `tests/README.md`.

mod cdnow;
mod learners;
mod simulate;
