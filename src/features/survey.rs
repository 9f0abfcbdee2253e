//! What the account's own people answered: recommendation (NPS) and satisfaction, on 0 to 10.
//!
//! The score is the mean of all answers of the newest day of answers at `t`, so that several people of one company
//! who answer together count alike. Answers of our own staff are kept out of features altogether.

use polars::prelude::*;

use super::{as_of::Known, catalogue::Feature};
use crate::domain::Money;

const FAMILY: &str = "survey";

pub(super) const FEATURES: [Feature; 10] = [
    Feature::number(FAMILY, "nps_score", "points", "mean score of the newest day of answers to `recommend`"),
    Feature::category(FAMILY, "nps_class", "class of `nps_score`: detractor up to 6, promoter from 9, passive between"),
    Feature::number(FAMILY, "nps_age", "days", "days from the newest answer to `recommend` to the end of `t`"),
    Feature::number(FAMILY, "nps_answers", "count", "answers to `recommend` so far"),
    Feature::number(FAMILY, "nps_change", "points", "`nps_score` minus that of the day of answers before"),
    Feature::number(
        FAMILY,
        "satisfaction_score",
        "points",
        "mean score of the newest day of answers to `satisfaction`",
    ),
    Feature::number(
        FAMILY,
        "satisfaction_age",
        "days",
        "days from the newest answer to `satisfaction` to the end of `t`",
    ),
    Feature::number(FAMILY, "satisfaction_answers", "count", "answers to `satisfaction` so far"),
    Feature::number(FAMILY, "satisfaction_change", "points", "`satisfaction_score` minus that of the day before"),
    Feature::number(FAMILY, "survey_known", "flag", "1 if an answer of the account is known at `t`, else 0"),
];

/// One row per account with an answer known at `t`: `account`, then [`FEATURES`].
pub(super) fn frame(known: &Known<'_>) -> LazyFrame {
    let answers = known.survey_answers();
    let nps_class = when(col("nps_score").gt_eq(lit(9.0)))
        .then(lit("promoter"))
        .when(col("nps_score").gt(lit(6.0)))
        .then(lit("passive"))
        .when(col("nps_score").is_not_null())
        .then(lit("detractor"))
        .otherwise(lit(NULL).cast(DataType::String));
    let join = |left: LazyFrame, right: LazyFrame| {
        left.join(right, [col("account")], [col("account")], JoinArgs::new(JoinType::Left))
    };
    let accounts = answers.clone().select([col("account")]).unique(None, UniqueKeepStrategy::Any);
    join(
        join(accounts, question(&answers, known.end_day(), "recommend", "nps")),
        question(&answers, known.end_day(), "satisfaction", "satisfaction"),
    )
    .with_columns([nps_class.alias("nps_class"), lit(1.0).alias("survey_known")])
    .select([col("account")].into_iter().chain(FEATURES.iter().map(|feature| col(feature.name))).collect::<Vec<_>>())
}

/// Score, age, number of answers and change of one question per account.
fn question(answers: &LazyFrame, end_day: i32, question: &str, prefix: &str) -> LazyFrame {
    let by_day = answers
        .clone()
        .filter(col("question").eq(lit(question)))
        .group_by([col("account"), col("answered_on")])
        .agg([
            (col("score_e4").sum().cast(DataType::Float64)
                / (col("score_e4").count().cast(DataType::Float64) * lit(Money::SCALE as f64)))
            .alias("score"),
            col("score_e4").count().cast(DataType::Float64).alias("answers"),
        ])
        .sort(["account", "answered_on"], SortMultipleOptions::default());
    let newest = || col("score").last();
    by_day
        .group_by([col("account")])
        .agg([
            newest().alias(format!("{prefix}_score")),
            (lit(end_day) - col("answered_on").last().cast(DataType::Int32))
                .cast(DataType::Float64)
                .alias(format!("{prefix}_age")),
            col("answers").sum().alias(format!("{prefix}_answers")),
            (newest() - col("score").slice(lit(-2), lit(1)).first()).alias(format!("{prefix}_all_change")),
            col("score").count().alias(format!("{prefix}_days")),
        ])
        .with_column(
            when(col(format!("{prefix}_days")).gt(lit(1)))
                .then(col(format!("{prefix}_all_change")))
                .otherwise(lit(NULL))
                .alias(format!("{prefix}_change")),
        )
}
