//! Algorithms: arrays in, arrays out. No customer, no date, no file, no data frame.
//!
//! Every estimator follows linfa's contract: hyperparameters are unchecked until [`linfa::ParamGuard::check`], only
//! checked ones implement [`linfa::traits::Fit`], and a fitted model implements [`linfa::traits::PredictInplace`]
//! (so `Predict` too) and serde, so that a stored model predicts the same bytes. Records are `(n, p)`, one row per
//! observation; targets have `n` elements.
//!
//! | module | estimator | source |
//! |---|---|---|
//! | [`bg_nbd`] | purchases of irregular buyers, P(alive) | Fader, Hardie & Lee 2005 |
//! | [`gamma_gamma`] | mean value of a purchase | Fader & Hardie 2013 |
//! | [`quantile`] | linear quantile regression | Koenker & Bassett 1978; Portnoy & Koenker 1997 |
//! | [`boosting`] | histogram gradient boosting | Friedman 2001; Chen & Guestrin 2016; Ke et al. 2017 |
//! | [`forest`] | quantile forest | Meinshausen 2006 |
//! | [`glm`] | Poisson, gamma and Tweedie regression | Nelder & Wedderburn 1972; Friedman, Hastie & Tibshirani 2010 |
//! | [`nearest`] | k nearest peers by linfa, scaled, never of the own group | |
//! | [`linear`] | elastic net and logistic regression by linfa, centred, scaled and checked | Zou & Hastie 2005 |
//! | [`shrinkage`] | empirical-Bayes means of nested groups | Efron & Morris 1975 |
//! | [`scaling`] | standardisation, median imputation with indicators | |
//! | [`isotonic`] | monotone calibration | Barlow et al. 1972 |
//! | [`conformal`] | conformalised quantiles, the two tails apart | Romano, Patterson & Candès 2019 |
//! | [`attainable`] | attainable demand beyond an own level, from peers' levels (no linfa trait: nothing is regressed) | Glady & Croux 2009; Huber 1964 |
//! | [`crossed`] | crossed random effects by REML (no linfa trait: nothing is regressed) | Searle, Casella & McCulloch 1992 |
//! | [`loss`] | the losses that the estimators minimise, per observation | |

pub mod attainable;
mod bfgs;
pub mod bg_nbd;
pub mod boosting;
pub mod conformal;
pub mod crossed;
pub mod forest;
pub mod gamma_gamma;
pub mod glm;
mod input;
pub mod isotonic;
pub mod linear;
pub mod loss;
pub mod nearest;
mod normal_equations;
pub mod quantile;
pub mod scaling;
pub mod shrinkage;
mod tree;

pub use input::InputError;
