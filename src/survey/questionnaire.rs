//! The form of a round: whom to ask about, and nothing that could colour the answer.

use std::collections::BTreeMap;

use polars::prelude::{Column, DataFrame};

use super::SurveyError;
use crate::{domain::AbcClass, rank::Classes};

/// One row per account of class A and B, by name, in the columns of `staff_answers` with `name` beside them; what is to
/// be filled in is empty. Neither class nor any figure is on it, since answers must not follow the model.
///
/// # Errors
/// None in practice; the columns have one length.
pub fn questionnaire(round: &str, classes: &Classes, names: &BTreeMap<&str, &str>) -> Result<DataFrame, SurveyError> {
    let mut asked: Vec<(&str, &str)> = classes
        .iter()
        .filter(|(_, (class, _))| *class != AbcClass::C)
        .map(|(id, _)| (names.get(id.as_str()).copied().unwrap_or_default(), id.as_str()))
        .collect();
    asked.sort_unstable();
    let texts = |name: &str, values: Vec<&str>| Column::new(name.into(), values);
    let (name, id): (Vec<&str>, Vec<&str>) = asked.into_iter().unzip();
    let n = id.len();
    let mut columns = vec![texts("round", vec![round; n]), texts("customer_id", id), texts("name", name)];
    let empty = ["rater", "answered_on", "potential", "relationship", "willingness"];
    columns.extend(empty.map(|column| texts(column, vec![""; n])));
    Ok(DataFrame::new(n, columns)?)
}
