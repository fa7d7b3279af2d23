//! Priority classes: names that stand for how urgent a request is.

use std::collections::BTreeMap;

use crate::input::{InputError, InputProblems, Row, Table, write_table};

/// Reads `name,priority`, one row a class.
///
/// # Errors
/// With every wrong line; a class that stands there twice is one.
pub fn read_priority_classes(text: &str) -> Result<BTreeMap<String, i32>, InputProblems> {
    let mut table = Table::open(text, None)?;
    table.expect_only(&["name", "priority"])?;
    let (name, priority) = (table.column("name")?, table.column("priority")?);
    let (mut classes, mut wrong) = (BTreeMap::new(), Vec::new());
    let (mut lines, mut row) = (BTreeMap::new(), Row::default());
    while table.next_of(&mut row, &mut wrong) {
        let class = row.get(name).to_owned();
        if class.is_empty() {
            wrong.push(InputError::field(row.line, "name", "is empty; expected the name of a priority class"));
        } else if let Some(earlier) = lines.insert(class.clone(), row.line) {
            let message = format!("`{class}` stands on line {earlier} already; expected each class once");
            wrong.push(InputError::field(row.line, "name", message));
        }
        let text = row.get(priority);
        match text.parse() {
            Ok(value) => drop(classes.insert(class, value)),
            Err(_) => {
                let message = format!("is `{text}`; expected a whole number from {} to {}", i32::MIN, i32::MAX);
                wrong.push(InputError::field(row.line, "priority", message));
            }
        }
    }
    if wrong.is_empty() && classes.is_empty() {
        wrong.push(InputError::whole("has a header and no rows; expected priority classes"));
    }
    if wrong.is_empty() { Ok(classes) } else { Err(InputProblems(wrong)) }
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
            let error = read_priority_classes(text).unwrap_err().first();
            assert_eq!((error.line, error.field.as_deref()), (line, field), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check("name,priority\na,1\na,2\n", 3, Some("name"), "stands on line 2 already");
        check("name,priority\na,high\n", 2, Some("priority"), "is `high`; expected a whole number");
        check("name,priority\na,2147483648\n", 2, Some("priority"), "to 2147483647");
        check("name,priority\n,1\n", 2, Some("name"), "is empty");
        check("name,priority\n", 0, None, "no rows");
        let InputProblems(wrong) = read_priority_classes("name,priority\n,high\na,1\na,low\n").unwrap_err();
        let told: Vec<_> = wrong.iter().map(|error| (error.line, error.field.as_deref().unwrap_or_default())).collect();
        assert_eq!(told, [(2, "name"), (2, "priority"), (4, "name"), (4, "priority")]);
    }
}
