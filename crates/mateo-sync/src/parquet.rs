//! A snapshot of a copy as a Parquet file; the feature `parquet`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use mateo_imports::columns::ColumnKind;
use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::{ParquetError, Result as Written};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::columns::Columns;
use crate::row::Value;
use crate::store::{Store, StoreError, StoreErrorKind, StoredRow};

/// Rows that are read at once.
const PART: u64 = 1_000;

/// A row group has at most so many rows, and about so many bytes of text: what is held in memory.
const GROUP_ROWS: usize = 20_000;
const GROUP_BYTES: usize = 32 * 1024 * 1024;

/// Writes all rows of a copy, deleted ones too, to a Parquet file, by ascending id: the copy's columns in their types
/// (`UUID`, `TIMESTAMP`, `JSON`, `STRING`, `INT32`), then `extra`, `synced_at` and `deleted_at`. How many there are.
///
/// The file that was there is replaced once the new one is whole.
///
/// # Errors
///
/// What keeps the copy from being read, or the file from being written.
pub async fn write<S: Store>(store: &mut S, path: impl AsRef<Path>) -> Result<u64, StoreError> {
    let path = path.as_ref();
    let columns = store.columns().clone();
    let mut file = Unfinished::create(path).map_err(|error| of_io(error, path))?;
    let mut writer = writer(&mut file, &columns).map_err(|error| of_parquet(error, path))?;
    let (mut group, mut bytes, mut rows, mut after) = (Vec::new(), 0, 0, None);
    loop {
        let part = store.rows(after, PART).await?;
        let is_last = part.is_empty();
        rows += part.len() as u64;
        after = part.last().map(|stored| stored.row.id).or(after);
        bytes += part.iter().map(size).sum::<usize>();
        group.extend(part);
        if group.len() >= GROUP_ROWS || bytes >= GROUP_BYTES || (is_last && !group.is_empty()) {
            write_group(&mut writer, &columns, &group).map_err(|error| of_parquet(error, path))?;
            group.clear();
            bytes = 0;
        }
        if is_last {
            break;
        }
    }
    writer.close().map_err(|error| of_parquet(error, path))?;
    file.finish(path).map_err(|error| of_io(error, path))?;
    Ok(rows)
}

fn writer<'f>(file: &'f mut Unfinished, columns: &Columns) -> Written<SerializedFileWriter<&'f mut File>> {
    let mut schema = String::from("message imports {");
    for column in columns.iter() {
        let repetition = if column.name == "id" {
            "required"
        } else {
            "optional"
        };
        let (physical, logical) = match column.kind {
            ColumnKind::Uuid => ("fixed_len_byte_array(16)", "(UUID)"),
            ColumnKind::Timestamp => ("int64", "(TIMESTAMP(MICROS,true))"),
            ColumnKind::Json => ("binary", "(JSON)"),
            ColumnKind::Text | ColumnKind::ImportType => ("binary", "(STRING)"),
            ColumnKind::Integer => ("int32", ""),
        };
        schema.push_str(&[repetition, " ", physical, " ", column.name, " ", logical, ";"].concat());
    }
    schema.push_str(
        "optional binary extra (JSON); required int64 synced_at (TIMESTAMP(MICROS,true));
         optional int64 deleted_at (TIMESTAMP(MICROS,true)); }",
    );
    let schema = Arc::new(parse_message_type(&schema)?);
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .build();
    SerializedFileWriter::new(&mut file.file, schema, Arc::new(properties))
}

fn write_group(
    writer: &mut SerializedFileWriter<&mut File>,
    columns: &Columns,
    rows: &[StoredRow],
) -> Written<()> {
    let mut group = writer.next_row_group()?;
    let mut index = 0;
    while let Some(mut column) = group.next_column()? {
        let values = rows.iter().map(|stored| value(stored, columns, index));
        match column.untyped() {
            ColumnWriter::Int32ColumnWriter(writer) => {
                let (values, levels) = present(values, |value| match value {
                    Value::Integer(number) => Some(number),
                    _ => None,
                });
                writer.write_batch(&values, Some(&levels), None)?;
            }
            ColumnWriter::Int64ColumnWriter(writer) => {
                let (values, levels) = present(values, |value| match value {
                    Value::Timestamp(time) => Some(time.timestamp_micros()),
                    _ => None,
                });
                writer.write_batch(&values, Some(&levels), None)?;
            }
            ColumnWriter::FixedLenByteArrayColumnWriter(writer) => {
                let (values, levels) = present(values, |value| match value {
                    Value::Uuid(id) => Some(FixedLenByteArray::from(id.as_bytes().to_vec())),
                    _ => None,
                });
                writer.write_batch(&values, Some(&levels), None)?;
            }
            ColumnWriter::ByteArrayColumnWriter(writer) => {
                let (values, levels) = present(values, |value| match value {
                    Value::Json(text) | Value::Text(text) => Some(ByteArray::from(text.into_bytes())),
                    _ => None,
                });
                writer.write_batch(&values, Some(&levels), None)?;
            }
            _ => return Err(ParquetError::General("a column of no known type".to_owned())),
        }
        column.close()?;
        index += 1;
    }
    group.close()?;
    Ok(())
}

/// The value of a row in the column at a place: the copy's columns, then what the copy knows of the row.
fn value(stored: &StoredRow, columns: &Columns, index: usize) -> Value {
    let time = |time: Option<DateTime<Utc>>| time.map_or(Value::Null, Value::Timestamp);
    match index.checked_sub(columns.len()) {
        None => stored.row.values.get(index).cloned().unwrap_or(Value::Null),
        Some(0) => stored.row.extra.clone().map_or(Value::Null, Value::Json),
        Some(1) => time(Some(stored.synced_at)),
        Some(_) => time(stored.deleted_at),
    }
}

/// The values that are there, and for each row whether it has one.
fn present<T>(values: impl Iterator<Item = Value>, of: impl Fn(Value) -> Option<T>) -> (Vec<T>, Vec<i16>) {
    let (mut there, mut levels) = (Vec::new(), Vec::new());
    for value in values {
        let value = of(value);
        levels.push(i16::from(value.is_some()));
        there.extend(value);
    }
    (there, levels)
}

fn size(stored: &StoredRow) -> usize {
    let text = |value: &Value| match value {
        Value::Json(text) | Value::Text(text) => text.len(),
        _ => 16,
    };
    stored.row.values.iter().map(text).sum::<usize>() + stored.row.extra.as_ref().map_or(0, String::len)
}

/// A file beside the one that is to be; removed if it isn't finished.
struct Unfinished {
    file: File,
    path: Option<PathBuf>,
}

impl Unfinished {
    fn create(path: &Path) -> io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let beside = PathBuf::from(name);
        Ok(Self {
            file: File::create(&beside)?,
            path: Some(beside),
        })
    }

    fn finish(mut self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        if let Some(beside) = &self.path {
            std::fs::rename(beside, path)?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Nothing can be done about a file that stays.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn of_parquet(error: ParquetError, path: &Path) -> StoreError {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => of_io(*error, path),
            Err(source) => of_io(io::Error::other(source), path),
        },
        error => of_io(io::Error::other(error), path),
    }
}

fn of_io(error: io::Error, path: &Path) -> StoreError {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull => StoreErrorKind::Full,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreErrorKind::ReadOnly,
        _ => StoreErrorKind::Other,
    };
    StoreError::new(kind, format!("{} could not be written: {error}", path.display())).caused_by(error)
}
