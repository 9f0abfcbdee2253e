//! The one integration test binary; a module per stage. See `tests/README.md`.

mod boosting;
mod cdnow;
mod learners;
mod simulate;
