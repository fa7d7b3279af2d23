//! Tables as Parquet files, for whoever reads them with DuckDB, pandas, Spark and the like.
//!
//! Every column of the CSV is there with its name and in its place, only typed: money is `DECIMAL(38, 9)`, instants are
//! microseconds of UTC, what CSV leaves empty is null. One row group, compressed with zstd.

use std::sync::Arc;

use anyhow::{Context, bail};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use shared::allocation::{AmountsView, StatementView};
use shared::units::Instant;

/// Digits of a decimal, and those behind its point: sums of thousands of billions keep every nano-unit.
const PRECISION: i32 = 38;
const SCALE: i32 = 9;
/// Bytes of a decimal of 38 digits.
const DECIMAL_BYTES: i32 = 16;

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnType {
    /// Text; empty is null.
    Text,
    /// An amount or a quantity, written as a decimal number.
    Decimal,
    /// A number that was measured.
    Number,
    /// An instant as RFC 3339.
    Instant,
}

/// The types of the columns of a statement's table.
pub(super) fn of_statement(view: &StatementView) -> Vec<ColumnType> {
    let groups = vec![ColumnType::Text; view.by.len()];
    // The parts and their total.
    let amounts =
        [[ColumnType::Decimal; AmountsView::PARTS.len() + 1].as_slice(), &[ColumnType::Text, ColumnType::Number]]
            .concat();
    [vec![ColumnType::Instant; 2], groups, amounts].concat()
}

/// The types of columns of FOCUS.
pub(super) fn of_focus(columns: &[String]) -> Vec<ColumnType> {
    let of = |column: &String| match column.as_str() {
        "BilledCost"
        | "ContractedCost"
        | "EffectiveCost"
        | "ListCost"
        | "ConsumedQuantity"
        | "PricingQuantity"
        | "CommitmentDiscountQuantity" => ColumnType::Decimal,
        // Prices have more decimals than money.
        "ContractedUnitPrice" | "ListUnitPrice" => ColumnType::Number,
        "BillingPeriodEnd" | "BillingPeriodStart" | "ChargePeriodEnd" | "ChargePeriodStart" => ColumnType::Instant,
        _ => ColumnType::Text,
    };
    columns.iter().map(of).collect()
}

/// The bytes of a file with the columns and rows of a table, whose first row is its header; `types` are those of its columns.
///
/// # Errors
/// When a value is not of the type of its column.
pub(super) fn file(rows: &[Vec<String>], types: &[ColumnType]) -> anyhow::Result<Vec<u8>> {
    let Some((header, rows)) = rows.split_first() else { bail!("the table has no header") };
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("shadowplane version ", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema(header, types)?, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (position, (name, of)) in header.iter().zip(types).enumerate() {
        let mut column = group.next_column()?.context("a column for every name of the header")?;
        let values: Vec<&str> = rows.iter().map(|row| row[position].as_str()).collect();
        write_column(&mut column, &values, *of).with_context(|| format!("column `{name}`"))?;
        column.close()?;
    }
    group.close()?;
    writer.close()?;
    Ok(bytes)
}

fn schema(header: &[String], types: &[ColumnType]) -> anyhow::Result<TypePtr> {
    let column = |(name, of): (&String, &ColumnType)| -> anyhow::Result<TypePtr> {
        let physical = match of {
            ColumnType::Text => Physical::BYTE_ARRAY,
            ColumnType::Decimal => Physical::FIXED_LEN_BYTE_ARRAY,
            ColumnType::Number => Physical::DOUBLE,
            ColumnType::Instant => Physical::INT64,
        };
        let built = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        let built = match of {
            ColumnType::Text => built.with_logical_type(Some(LogicalType::String)),
            ColumnType::Decimal => built
                .with_logical_type(Some(LogicalType::decimal(SCALE, PRECISION)))
                .with_length(DECIMAL_BYTES)
                .with_precision(PRECISION)
                .with_scale(SCALE),
            ColumnType::Number => built,
            ColumnType::Instant => built.with_logical_type(Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        };
        Ok(Arc::new(built.build()?))
    };
    let columns: anyhow::Result<Vec<TypePtr>> = header.iter().zip(types).map(column).collect();
    Ok(Arc::new(Type::group_type_builder("report").with_fields(columns?).build()?))
}

fn write_column(column: &mut SerializedColumnWriter<'_>, values: &[&str], of: ColumnType) -> anyhow::Result<()> {
    // 1 where there is a value, 0 where it is null.
    let levels: Vec<i16> = values.iter().map(|value| i16::from(!value.is_empty())).collect();
    let present = || values.iter().copied().filter(|value| !value.is_empty());
    match of {
        ColumnType::Text => {
            let texts: Vec<ByteArray> = present().map(ByteArray::from).collect();
            column.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None)?;
        }
        ColumnType::Decimal => {
            let decimals: anyhow::Result<Vec<FixedLenByteArray>> = present().map(decimal).collect();
            column.typed::<FixedLenByteArrayType>().write_batch(&decimals?, Some(&levels), None)?;
        }
        ColumnType::Number => {
            let numbers: Result<Vec<f64>, _> = present().map(str::parse).collect();
            column.typed::<DoubleType>().write_batch(&numbers?, Some(&levels), None)?;
        }
        ColumnType::Instant => {
            let instants: anyhow::Result<Vec<i64>> =
                present().map(|value| Ok(value.parse::<Instant>()?.micros())).collect();
            column.typed::<Int64Type>().write_batch(&instants?, Some(&levels), None)?;
        }
    }
    Ok(())
}

/// Nano-units as a big-endian two's complement, which is how the format writes decimals.
fn decimal(value: &str) -> anyhow::Result<FixedLenByteArray> {
    let nanos = nanos(value).with_context(|| format!("`{value}` is no decimal number of at most nine decimals"))?;
    Ok(FixedLenByteArray::from(nanos.to_be_bytes().to_vec()))
}

fn nanos(value: &str) -> Option<i128> {
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    let digits = part.len() <= SCALE as usize && part.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| format!("{whole}{part:0<9}").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use parquet::basic::Type;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    use super::*;

    fn table(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|&value| value.to_owned()).collect()).collect()
    }

    /// A value as CSV has it.
    fn as_text(field: &Field) -> String {
        match field {
            Field::Null => String::new(),
            Field::Str(text) => text.clone(),
            Field::Double(number) => number.to_string(),
            Field::TimestampMicros(micros) => Instant::from_micros(*micros).to_string(),
            Field::Decimal(decimal) => {
                let nanos = i128::from_be_bytes(decimal.data().try_into().unwrap());
                let (sign, nanos) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
                format!("{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
            }
            other => panic!("no column has {other}"),
        }
    }

    #[test]
    fn a_file_has_the_rows_and_the_types_of_its_table() {
        let types = [ColumnType::Text, ColumnType::Decimal, ColumnType::Number, ColumnType::Instant];
        let rows = table(&[
            &["tenant", "cost", "hours", "start"],
            &["Größe, \"x\"", "-0.000000001", "0.1", "2026-03-02T01:00:00.000001Z"],
            &["", "", "", ""],
            // The largest of 38 digits with nine behind the point.
            &["b", "99999999999999999999999999999.999999999", "3", "1969-12-31T23:59:59Z"],
        ]);
        let path = std::env::temp_dir().join(format!("shadowplane-{}.parquet", std::process::id()));
        fs::write(&path, file(&rows, &types).unwrap()).unwrap();
        let reader = SerializedFileReader::new(fs::File::open(&path).unwrap()).unwrap();
        let read: Vec<Vec<String>> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().get_column_iter().map(|(_, field)| as_text(field)).collect())
            .collect();
        assert_eq!(read, rows[1..]);
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let physical: Vec<Type> = schema.columns().iter().map(|column| column.physical_type()).collect();
        assert_eq!(physical, [Type::BYTE_ARRAY, Type::FIXED_LEN_BYTE_ARRAY, Type::DOUBLE, Type::INT64]);
        let names: Vec<&str> = schema.columns().iter().map(|column| column.name()).collect();
        assert_eq!(names, ["tenant", "cost", "hours", "start"]);
        let decimal = schema.column(1);
        assert_eq!((decimal.type_precision(), decimal.type_scale()), (38, 9));
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_value_of_another_type_is_named_with_its_column() {
        let check = |of, value: &str, message: &str| {
            let error = file(&table(&[&["column"], &[value]]), &[of]).unwrap_err();
            assert!(format!("{error:#}").contains(message), "{error:#}");
        };
        check(ColumnType::Decimal, "1.0000000001", "column `column`: `1.0000000001` is no decimal number");
        check(ColumnType::Decimal, "1,5", "`1,5` is no decimal number");
        check(ColumnType::Decimal, "1.-5", "`1.-5` is no decimal number");
        check(ColumnType::Number, "much", "column `column`");
        check(ColumnType::Instant, "today", "column `column`");
    }
}
