//! What a report must not contradict, whoever made it.

use super::{
    ReportError,
    model::{Ranged, Report},
};

impl Report {
    /// Refuses a report that could mislead.
    ///
    /// # Errors
    /// If a figure is not finite, a bound lies on the wrong side, potential is shown although the third verdict says
    /// no, the matrix is not the nine cells, or ranks do not count up from 1.
    pub fn check(&self) -> Result<(), ReportError> {
        let total = |figure: &'static str, total: Ranged| finite(figure, "the portfolio", total);
        total("expected revenue", self.headline.expected_revenue.into())?;
        total("expected margin", self.headline.expected_margin.into())?;
        for headroom in [self.headline.headroom_revenue, self.headline.headroom_margin].into_iter().flatten() {
            total("headroom", headroom.into())?;
        }
        for (place, account) in self.accounts.iter().enumerate() {
            let id = &account.customer_id;
            if account.rank != place + 1 {
                return Err(inconsistent(format!("account `{id}` has rank {} in place {}", account.rank, place + 1)));
            }
            finite("expected revenue", id, account.expected_revenue)?;
            if let Some(headroom) = account.headroom_revenue {
                finite("headroom", id, headroom)?;
            }
            for (figure, value) in [
                ("revenue of the last 12 months", Some(account.revenue_last)),
                ("margin of the last 12 months", Some(account.margin_last)),
                ("expected margin", Some(account.expected_margin)),
                ("growth probability", account.growth_probability),
                ("inactivity probability", account.inactivity_probability),
            ] {
                one(figure, id, value.unwrap_or_default())?;
            }
        }
        for target in &self.targets {
            let bins = target.calibration.iter().flat_map(|bin| [bin.predicted, bin.actual]);
            let coverage = target.coverage.iter().flat_map(|c| [c.below, c.above, c.width, c.interval_score]);
            let skill = target.skill.into_iter().chain(target.rungs.iter().map(|rung| rung.skill));
            for value in bins.chain(coverage).chain(skill.flat_map(|s| [s.value, s.low, s.high])) {
                one("a backtest figure", target.target.name(), value)?;
            }
        }
        self.check_potential()
    }

    fn check_potential(&self) -> Result<(), ReportError> {
        let shown = self.basis.shows_potential();
        if shown && !self.verdicts.potential.holds {
            return Err(inconsistent("potential is shown although the third verdict says no".into()));
        }
        if self.matrix.len() != if shown { 9 } else { 0 } {
            return Err(inconsistent(format!("the matrix has {} cells, potential shown: {shown}", self.matrix.len())));
        }
        let leak = self.accounts.iter().find(|account| {
            !shown
                && (account.potential_band.is_some()
                    || account.service_level.is_some()
                    || account.can_buy_more.is_some())
        });
        match leak {
            Some(account) => {
                Err(inconsistent(format!("account `{}` has a potential although none is shown", account.customer_id)))
            }
            None if !shown && self.headline.can_buy_more.is_some() => {
                Err(inconsistent("the headline counts who can buy more although no potential is shown".into()))
            }
            None => Ok(()),
        }
    }
}

fn finite(figure: &'static str, of: &str, ranged: Ranged) -> Result<(), ReportError> {
    one(figure, of, ranged.value)?;
    if let Some((low, high)) = ranged.bounds() {
        one(figure, of, low)?;
        one(figure, of, high)?;
        if low > high {
            return Err(inconsistent(format!("the interval of {figure} of `{of}` runs from {low} to {high}")));
        }
    }
    Ok(())
}

fn one(figure: &'static str, of: &str, value: f64) -> Result<(), ReportError> {
    if value.is_finite() { Ok(()) } else { Err(ReportError::NonFinite { figure, of: of.to_owned(), value }) }
}

fn inconsistent(reason: String) -> ReportError {
    ReportError::Inconsistent { reason }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;

    #[test]
    fn potential_is_never_shown_against_the_third_verdict() {
        assert!(fixture::with_potential().check().is_ok());
        let mut report = fixture::with_potential();
        report.verdicts.potential.holds = false;
        insta::assert_snapshot!(report.check().unwrap_err(),
            @"the report is inconsistent: potential is shown although the third verdict says no");
        let mut report = fixture::without_potential();
        report.accounts[3].can_buy_more = Some(true);
        assert!(report.check().is_err());
    }

    #[test]
    fn a_figure_that_is_no_number_is_named() {
        let mut report = fixture::without_potential();
        report.accounts[2].expected_margin = f64::NAN;
        let id = report.accounts[2].customer_id.clone();
        assert_eq!(
            report.check().unwrap_err().to_string(),
            format!("expected margin of `{id}` is `NaN`, expected a finite number")
        );
    }
}
