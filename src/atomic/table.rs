//! Tables as files: Parquet for programs, CSV for spreadsheets; the same frame always gives the same bytes.
//!
//! A CSV cell of text that a spreadsheet would take for a formula gets a leading apostrophe. No file carries a time
//! stamp, and nothing here rounds: a number is written with the digits that read back as the same number.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
    sync::mpsc,
    thread,
};

use polars::prelude::*;

use super::{PublishError, write_file};

/// Rows per Parquet row group; a constant, so that bytes do not depend on how a frame was chunked.
const ROW_GROUP: usize = 1 << 17;

/// Buffers of a mebibyte that may wait for the disk.
const WAITING: usize = 8;

/// Replaces `target` by `frame` as Parquet.
///
/// # Errors
/// If the frame holds a type that Parquet cannot, or the file system refuses.
pub fn write_parquet(target: &Path, frame: &DataFrame) -> Result<(), PublishError> {
    let mut frame = frame.clone();
    frame.rechunk_mut();
    write_file(target, |out| {
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel::<Vec<u8>>(WAITING);
            let disk = scope.spawn(move || receiver.into_iter().try_for_each(|bytes| out.write_all(&bytes)));
            let encoded = ParquetWriter::new(BufWriter::with_capacity(1 << 20, Behind(sender)))
                .with_row_group_size(Some(ROW_GROUP))
                .finish(&mut frame);
            let written = disk.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            // what the disk refused is why there was nobody to write to
            written.map_err(PublishError::io("write", target))?;
            encoded.map(drop).map_err(|source| PublishError::Table { path: target.into(), source })
        })
    })
}

/// Hands bytes to the thread that writes them, while the next ones are made.
struct Behind(mpsc::SyncSender<Vec<u8>>);

impl Write for Behind {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Replaces `target` by `frame` as CSV: UTF-8, comma, decimal point, `2021-10-31`, empty where a value is unknown.
///
/// # Errors
/// If a column is neither text, number, truth value nor date, or the file system refuses.
pub fn write_csv(target: &Path, frame: &DataFrame) -> Result<(), PublishError> {
    let refused = |failed: csv::Error| PublishError::io("write", target)(failed.into());
    write_file(target, |out| {
        let mut rows = csv::Writer::from_writer(out);
        rows.write_record(frame.columns().iter().map(|column| defused(column.name()))).map_err(refused)?;
        for row in 0..frame.height() {
            for column in frame.columns() {
                let value = column.get(row).map_err(|source| PublishError::Table { path: target.into(), source })?;
                let text = cell(&value).ok_or_else(|| PublishError::Cell {
                    path: target.into(),
                    column: column.name().to_string(),
                    found: column.dtype().to_string(),
                })?;
                rows.write_field(text).map_err(refused)?;
            }
            rows.write_record(None::<&[u8]>).map_err(refused)?;
        }
        rows.flush().map_err(PublishError::io("write", target))
    })
}

fn cell(value: &AnyValue<'_>) -> Option<String> {
    Some(match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => defused(text),
        AnyValue::StringOwned(text) => defused(text),
        // Minus zero is a sign without a meaning for a reader.
        AnyValue::Float64(number) => (number + 0.0).to_string(),
        AnyValue::Float32(number) => (number + 0.0).to_string(),
        AnyValue::Date(days) => jiff::civil::date(1970, 1, 1)
            .checked_add(jiff::Span::new().try_days(i64::from(*days)).ok()?)
            .ok()?
            .to_string(),
        AnyValue::Boolean(_)
        | AnyValue::Int8(_)
        | AnyValue::Int16(_)
        | AnyValue::Int32(_)
        | AnyValue::Int64(_)
        | AnyValue::UInt8(_)
        | AnyValue::UInt16(_)
        | AnyValue::UInt32(_)
        | AnyValue::UInt64(_) => value.to_string(),
        _ => return None,
    })
}

/// Text that a spreadsheet shows instead of running (OWASP, CSV injection).
fn defused(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> DataFrame {
        df!(
            "customer_id" => ["a", "=1+1", "-5", "@x", "\tz"],
            "revenue" => [Some(-1.5), Some(0.1), None, Some(-0.0), Some(1e21)],
            "rank" => [1u32, 2, 3, 4, 5],
            "population" => [true, false, true, true, true],
        )
        .unwrap()
    }

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_is_text_and_a_negative_number_stays_a_number() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("t.csv");
        let dates = Series::new("on".into(), [0, 18_931, -1, 1, 2]).cast(&DataType::Date).unwrap();
        let mut frame = frame();
        frame.with_column(dates.into()).unwrap();
        write_csv(&path, &frame).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "customer_id,revenue,rank,population,on\n\
             a,-1.5,1,true,1970-01-01\n\
             '=1+1,0.1,2,false,2021-10-31\n\
             '-5,,3,true,1969-12-31\n\
             '@x,0,4,true,1970-01-02\n\
             '\tz,1000000000000000000000,5,true,1970-01-03\n"
        );
    }

    #[test]
    fn the_same_rows_in_other_chunks_are_the_same_bytes_and_read_back_equal() {
        let home = tempfile::tempdir().unwrap();
        let (one, two) = (home.path().join("1.parquet"), home.path().join("2.parquet"));
        let whole = frame();
        let pieces = whole.slice(0, 2).vstack(&whole.slice(2, 3)).unwrap();
        write_parquet(&one, &whole).unwrap();
        write_parquet(&two, &pieces).unwrap();
        assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
        let back = ParquetReader::new(std::fs::File::open(&one).unwrap()).finish().unwrap();
        assert!(back.equals_missing(&whole));
    }

    #[test]
    fn a_column_that_csv_cannot_carry_is_named() {
        let home = tempfile::tempdir().unwrap();
        let lists = Series::new("groups".into(), [Series::new("".into(), [1i32])]);
        let frame = DataFrame::new(1, vec![lists.into()]).unwrap();
        let failed = write_csv(&home.path().join("t.csv"), &frame).unwrap_err();
        assert!(failed.to_string().contains("`groups`"), "{failed}");
        assert!(!home.path().join("t.csv").exists());
    }
}
