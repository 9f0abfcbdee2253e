//! How results rest between runs: JSON for what has structure, Parquet for tables.

use std::{
    fs::{self, File},
    path::Path,
};

use polars::prelude::{DataFrame, ParquetReader, SerReader};
use serde::{Serialize, de::DeserializeOwned};

use super::{PipelineError, work::Artifact};
use crate::{
    atomic,
    backtest::{Backtest, BacktestReport, Trained, Whitespace},
    rank::{Ranking, RankingParts},
    score::{Account, ScoreFrame},
};

impl Artifact for Backtest {
    fn write(&self, folder: &Path) -> Result<(), PipelineError> {
        write_json(&folder.join("report.json"), &self.report)?;
        write_json(&folder.join("champions.json"), &self.champions)?;
        write_json(&folder.join("whitespace.json"), &self.whitespace)?;
        atomic::write_parquet(&folder.join("metrics.parquet"), &self.report.metrics)?;
        atomic::write_parquet(&folder.join("predictions.parquet"), &self.report.predictions)?;
        Ok(())
    }

    fn read(folder: &Path) -> Result<Self, PipelineError> {
        let mut report: BacktestReport = read_json(&folder.join("report.json"))?;
        let champions: Vec<Trained> = read_json(&folder.join("champions.json"))?;
        report.metrics = read_parquet(&folder.join("metrics.parquet"))?;
        report.predictions = read_parquet(&folder.join("predictions.parquet"))?;
        let whitespace: Option<Whitespace> = read_json(&folder.join("whitespace.json"))?;
        Ok(Self { report, champions, whitespace })
    }
}

impl Artifact for ScoreFrame {
    fn write(&self, folder: &Path) -> Result<(), PipelineError> {
        Ok(atomic::write_parquet(&folder.join("scores.parquet"), self.frame())?)
    }

    fn read(folder: &Path) -> Result<Self, PipelineError> {
        let table = read_parquet(&folder.join("scores.parquet"))?;
        Ok(Self::new(&Account::scored(&table)?, table)?)
    }
}

impl Artifact for Ranking {
    fn write(&self, folder: &Path) -> Result<(), PipelineError> {
        write_json(&folder.join("ranking.json"), self.parts())?;
        if let Some(whitespace) = &self.parts().whitespace {
            atomic::write_parquet(&folder.join("whitespace.parquet"), whitespace)?;
        }
        Ok(atomic::write_parquet(&folder.join("scores.parquet"), self.table())?)
    }

    fn read(folder: &Path) -> Result<Self, PipelineError> {
        let mut parts: RankingParts = read_json(&folder.join("ranking.json"))?;
        let whitespace = folder.join("whitespace.parquet");
        parts.whitespace = if whitespace.exists() { Some(read_parquet(&whitespace)?) } else { None };
        parts.table = read_parquet(&folder.join("scores.parquet"))?;
        Ok(Self::new(parts)?)
    }
}

/// Writes `value` as JSON.
pub(super) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), PipelineError> {
    let bytes = serde_json::to_vec(value).map_err(|error| PipelineError::json(path, &error))?;
    fs::write(path, bytes).map_err(|error| PipelineError::io(path, &error))
}

/// Reads JSON back.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, PipelineError> {
    let bytes = fs::read(path).map_err(|error| PipelineError::io(path, &error))?;
    serde_json::from_slice(&bytes).map_err(|error| PipelineError::json(path, &error))
}

/// Reads a Parquet file back.
pub(super) fn read_parquet(path: &Path) -> Result<DataFrame, PipelineError> {
    let file = File::open(path).map_err(|error| PipelineError::io(path, &error))?;
    ParquetReader::new(file).finish().map_err(|error| PipelineError::frame(path, &error))
}
