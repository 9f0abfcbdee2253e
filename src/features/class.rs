//! The account's ABC class at `t`: which accounts carry the margin.

use super::catalogue::Feature;

pub(super) const FEATURES: [Feature; 1] = [Feature::category(
    "class",
    "abc_class",
    "A, B or C by cumulative contribution margin within the population (80 % and 95 %), of the last 12 months or of \
     as many as there are",
)
.over(12)];
