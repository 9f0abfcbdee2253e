//! Surveys within the run: evaluated beside the ranking, asked for, and closed.

use std::{collections::BTreeMap, path::Path};

use super::{Moment, PipelineError, stages::Run};
use crate::{
    atomic,
    domain::Notice,
    features::{ACCOUNT_ID, AccountFrame, FeatureError},
    params,
    rank::{Ranking, classes_at},
    score::Account,
    survey::{Closed, FEWEST_RATERS, Judged, StaffRound, Surveys, drop_answers, questionnaire},
};

impl Run<'_> {
    /// What customers and our own people say, beside `ranking`; `None` where nobody was asked.
    pub(super) fn surveys(
        &self,
        moment: &Moment,
        ranking: &Ranking,
        accounts: &AccountFrame,
    ) -> Result<Option<Surveys>, PipelineError> {
        let list = ranking.list()?;
        let potential_shown = ranking.parts().basis.shows_potential();
        let judged = Judged::all(&list, &names(accounts)?, potential_shown)?;
        let closed = Closed::of(&self.config.data())?;
        let surveys = Surveys::at(&self.warehouse, &closed, moment.plan.as_of, &judged, potential_shown)?;
        Ok((!surveys.is_empty()).then_some(surveys))
    }

    /// What our own people say of accounts' potential in the newest round that is over, by account.
    pub(super) fn staff_estimates(&self, moment: &Moment) -> Result<BTreeMap<String, f64>, PipelineError> {
        let round = StaffRound::newest(&self.warehouse, &Closed::of(&self.config.data())?, moment.plan.as_of)?;
        let scores = round.into_iter().flat_map(|round| round.scores);
        Ok(scores.filter_map(|score| Some((score.customer_id, score.potential?.value))).collect())
    }

    /// What the surveys of a report depend on besides the facts.
    pub(super) fn surveys_key(&self) -> Result<String, PipelineError> {
        Ok(format!("{:?}", Closed::of(&self.config.data())?))
    }

    /// Deletes the answers of closed rounds that a delivery brought back.
    pub(super) fn keep_rounds_closed(&mut self) -> Result<(), PipelineError> {
        let dropped = drop_answers(&self.warehouse, &Closed::of(&self.config.data())?)?;
        if dropped > 0 {
            let text =
                format!("{dropped} answers of closed staff survey rounds were not kept: erase them at the source");
            self.notices.push(Notice::info("closed-rounds", text));
            self.write_warehouse_anew()?;
        }
        Ok(())
    }

    /// Closes a round of the staff survey: scores stay, answers and raters go; says what was done.
    pub(super) fn close_round(&mut self, name: &str) -> Result<Vec<String>, PipelineError> {
        let data = self.config.data();
        let files = self.warehouse.query(
            "SELECT DISTINCT file FROM batches WHERE table_name = 'staff_answers' ORDER BY file",
            params![],
            |row| row.get::<String>(0),
        )?;
        let mut closed = Closed::of(&data)?;
        let StaffRound { raters, accounts, too_few, scores, .. } = closed.close(&self.warehouse, &data, name)?.clone();
        let dropped = drop_answers(&self.warehouse, &closed)?;
        if dropped > 0 {
            self.write_warehouse_anew()?;
        }
        let mut lines = vec![
            format!(
                "{raters} people judged {accounts} accounts: scores of {} are kept, {too_few} had fewer than \
                 {FEWEST_RATERS} raters",
                scores.len()
            ),
            format!("{dropped} answers and their raters were deleted from the warehouse"),
        ];
        lines.extend(files.iter().map(|file| format!("delete what {file} still holds of the round: nothing needs it")));
        Ok(lines)
    }

    /// Writes the questionnaire of a round: the accounts of class A and B at the end of `moment`.
    pub(super) fn questionnaire(&self, moment: &Moment, round: &str, out: &Path) -> Result<Vec<String>, PipelineError> {
        let frame = self.all_accounts(moment)?;
        let classes = classes_at(&Account::all(&frame)?, self.config.abc);
        let table = questionnaire(round, &classes, &names(&frame)?)?;
        atomic::write_csv(out, &table)?;
        Ok(vec![
            format!("{} accounts of class A and B are in {}", table.height(), out.display()),
            "each colleague fills in a copy before the next report is shown; the copies are staff_answers".into(),
        ])
    }
}

/// Names of accounts by id.
fn names(accounts: &AccountFrame) -> Result<BTreeMap<&str, &str>, PipelineError> {
    let frame = accounts.frame();
    let text = |name: &str| frame.column(name).and_then(|column| column.str()).map_err(FeatureError::from);
    let (ids, names) = (text(ACCOUNT_ID)?, text("name")?);
    Ok(ids.iter().zip(names.iter()).filter_map(|(id, name)| id.zip(name)).collect())
}
