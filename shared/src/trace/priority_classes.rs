//! Priority classes: names that stand for how urgent a request is.

use std::collections::BTreeMap;

use crate::input::{InputError, Row, Table, write_table};

/// Reads `name,priority`, one row a class.
///
/// # Errors
/// At the first wrong line, or a class that stands there twice.
pub fn read_priority_classes(text: &str) -> Result<BTreeMap<String, i32>, InputError> {
    let mut table = Table::open(text, None)?;
    table.expect_only(&["name", "priority"])?;
    let (name, priority) = (table.column("name")?, table.column("priority")?);
    let (mut classes, mut lines, mut row) = (BTreeMap::new(), BTreeMap::new(), Row::default());
    while table.next(&mut row)? {
        let class = row.get(name).to_owned();
        if class.is_empty() {
            return Err(InputError::field(row.line, "name", "is empty; expected the name of a priority class"));
        }
        if let Some(earlier) = lines.insert(class.clone(), row.line) {
            let message = format!("`{class}` stands on line {earlier} already; expected each class once");
            return Err(InputError::field(row.line, "name", message));
        }
        let text = row.get(priority);
        let value = text.parse().map_err(|_| {
            let message = format!("is `{text}`; expected a whole number from {} to {}", i32::MIN, i32::MAX);
            InputError::field(row.line, "priority", message)
        })?;
        classes.insert(class, value);
    }
    if classes.is_empty() {
        return Err(InputError::whole("has a header and no rows; expected priority classes"));
    }
    Ok(classes)
}

/// Priority classes as [`read_priority_classes`] reads them.
///
/// # Panics
/// When a name cannot be written, which any text can.
pub fn write_priority_classes(classes: &BTreeMap<String, i32>) -> String {
    let header = ["name", "priority"].map(str::to_owned).to_vec();
    let row = |(name, priority): (&String, &i32)| vec![name.clone(), priority.to_string()];
    write_table(core::iter::once(header).chain(classes.iter().map(row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let classes = BTreeMap::from([("high, very".to_owned(), 1_000), ("low".to_owned(), -5)]);
        let text = write_priority_classes(&classes);
        assert_eq!(text, "name,priority\n\"high, very\",1000\nlow,-5\n");
        assert_eq!(read_priority_classes(&text).unwrap(), classes);
    }

    #[test]
    fn what_is_wrong_is_named_by_line_and_column() {
        let check = |text: &str, line: u64, field: Option<&str>, part: &str| {
            let error = read_priority_classes(text).unwrap_err();
            assert_eq!((error.line, error.field.as_deref()), (line, field), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check("name,priority\na,1\na,2\n", 3, Some("name"), "stands on line 2 already");
        check("name,priority\na,high\n", 2, Some("priority"), "is `high`; expected a whole number");
        check("name,priority\na,2147483648\n", 2, Some("priority"), "to 2147483647");
        check("name,priority\n,1\n", 2, Some("name"), "is empty");
        check("name,priority\n", 0, None, "no rows");
    }
}
