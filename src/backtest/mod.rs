//! Rolling origins: what would each rung have said in the past, and what came of it?

mod report;

pub use report::{
    BacktestReport, CalibrationBin, Coverage, Estimate, OriginPlan, Realised, RungResult, TargetReport, Verdict,
    Verdicts,
};
