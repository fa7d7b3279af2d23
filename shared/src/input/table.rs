//! CSV read row by row, with columns found by name and every value traceable to its line.

use csv::{ByteRecord, ReaderBuilder, StringRecord, Trim};

use super::{InputError, Numbered};

/// Delimiters that are recognised, in order of preference.
const DELIMITERS: [u8; 4] = *b",;\t|";

/// A CSV text whose header has been read.
pub struct Table<'t> {
    text: &'t str,
    delimiter: u8,
    reader: csv::Reader<&'t [u8]>,
    columns: Vec<String>,
    /// Where counting of lines has come to: byte and line.
    counted: (usize, u64),
}

/// One row; reused from row to row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Line on which it begins, counted from 1.
    pub line: u64,
    record: StringRecord,
}

impl<'t> Table<'t> {
    /// Reads the header of `text`; the delimiter is the one that the header has most of, unless it is given.
    ///
    /// # Errors
    /// When there is no header, or two columns have the same name.
    pub fn open(text: &'t str, delimiter: Option<u8>) -> Result<Self, InputError> {
        if text.trim_start().starts_with(['{', '[']) {
            let message = "is JSON; expected a table, whose first line is a header with the names of the columns";
            return Err(InputError::line(1, message));
        }
        let delimiter = delimiter.unwrap_or_else(|| most_frequent_delimiter(text));
        let mut reader = reader(text, delimiter);
        let mut header = StringRecord::new();
        let found = reader.read_record(&mut header).map_err(|error| InputError::line(1, error.to_string()))?;
        if !found || header.iter().all(str::is_empty) {
            return Err(InputError::whole("is empty; expected a header line with the names of the columns"));
        }
        let columns: Vec<String> = header.iter().map(str::to_owned).collect();
        if let Some((_, twice)) = columns.iter().enumerate().find(|&(i, name)| columns[..i].contains(name)) {
            return Err(InputError::field(1, twice.as_str(), "stands in the header twice; expected each column once"));
        }
        Ok(Self { text, delimiter, reader, columns, counted: (0, 1) })
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The position of a column, if there is one of that name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The position of a column that has to be there.
    ///
    /// # Errors
    /// When it is not; names the columns that are.
    pub fn column(&self, name: &str) -> Result<usize, InputError> {
        self.find(name).ok_or_else(|| {
            let message = format!("is no column; the header has {}", quoted(&self.columns));
            InputError::field(1, name, message)
        })
    }

    /// Refuses columns that nobody would read: a misspelt optional column must not pass for an absent one.
    ///
    /// # Errors
    /// When a column is not among `known`.
    pub fn expect_only(&self, known: &[&str]) -> Result<(), InputError> {
        match self.columns.iter().find(|column| !known.contains(&column.as_str())) {
            None => Ok(()),
            Some(unknown) => {
                let message = format!("is an unknown column; expected some of {}", quoted(known));
                Err(InputError::field(1, unknown.as_str(), message))
            }
        }
    }

    /// As [`Table::next`], and takes a row that is none to be the end, with what is wrong with it.
    pub fn next_of(&mut self, row: &mut Row, wrong: &mut Vec<InputError>) -> bool {
        loop {
            match self.next(row) {
                Ok(found) => return found,
                Err(error) => wrong.push(error),
            }
        }
    }

    /// Reads the next row into `row`; false at the end.
    ///
    /// # Errors
    /// When a row has more or fewer values than the header has names.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, InputError> {
        let mut bytes = core::mem::take(&mut row.record).into_byte_record();
        let found = self.reader.read_byte_record(&mut bytes).map_err(|error| InputError::whole(error.to_string()))?;
        if !found {
            return Ok(false);
        }
        row.line = self.line_of(&bytes);
        if let Some(error) = self.unclosed(&bytes, row.line) {
            return Err(error);
        }
        row.record = StringRecord::from_byte_record(bytes)
            .map_err(|_| InputError::line(row.line, "a quote splits a character; expected UTF-8 text"))?;
        if row.record.len() == self.columns.len() {
            return Ok(true);
        }
        let (has, expected) = (row.record.len(), self.columns.len());
        let message = format!("the line has {has} values; expected {expected}, one for each column");
        Err(match self.columns.get(has) {
            Some(missing) => InputError::field(row.line, missing.as_str(), message),
            None => InputError::line(row.line, message),
        })
    }

    /// What `read` makes of each row, with its line; a wrong row does not take the others with it.
    pub fn rows<T>(mut self, mut read: impl FnMut(&Row) -> Result<T, InputError>) -> Vec<Numbered<T>> {
        let (mut rows, mut row) = (Vec::new(), Row::default());
        loop {
            match self.next(&mut row) {
                Ok(true) => rows.push((row.line, read(&row))),
                Ok(false) => return rows,
                Err(error) => rows.push((error.line, Err(error))),
            }
        }
    }

    /// What is wrong with the last row if a quote in it is never closed, which takes everything behind it for one value.
    fn unclosed(&self, record: &ByteRecord, line: u64) -> Option<InputError> {
        let rest = &self.text[self.counted.0..];
        if (self.reader.position().byte() as usize) < self.text.len() || !rest.contains('"') {
            return None;
        }
        // An empty value at the very end: one more quote would open one there.
        if rest.as_bytes().ends_with(&[self.delimiter]) && record.iter().next_back().is_some_and(<[u8]>::is_empty) {
            return None;
        }
        // One more quote closes an open one and changes nothing else; otherwise it opens a row or is text.
        let closed = format!("{rest}\"");
        let mut reader = reader(&closed, self.delimiter);
        let (mut same, mut more) = (ByteRecord::new(), ByteRecord::new());
        let read = reader.read_byte_record(&mut same).is_ok() && !reader.read_byte_record(&mut more).unwrap_or(true);
        let message = "opens a quote that is never closed; expected closing quotes, or no quotes at all";
        (read && same == *record).then(|| InputError::line(line, message))
    }

    /// The reader counts a line break only once it has passed it, and skips empty lines: count them here.
    fn line_of(&mut self, record: &ByteRecord) -> u64 {
        let bytes = self.text.as_bytes();
        let mut start = record.position().map_or(0, |position| position.byte() as usize);
        while matches!(bytes.get(start), Some(b'\r' | b'\n')) {
            start += 1;
        }
        let (from, line) = self.counted;
        let passed = bytes[from..start].iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.counted = (start, line + passed);
        line + passed
    }
}

impl Row {
    /// The value in the column at `position`, without surrounding space.
    ///
    /// # Panics
    /// When the table has no such column.
    pub fn get(&self, position: usize) -> &str {
        &self.record[position]
    }

    /// The value in a column that may be absent, where it is not empty.
    pub fn optional(&self, position: Option<usize>) -> Option<&str> {
        position.map(|position| self.get(position)).filter(|value| !value.is_empty())
    }
}

/// Rows, the header first, as CSV.
///
/// # Panics
/// When rows differ in length.
pub fn write_table(rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.for_each(|row| writer.write_record(row).expect("rows are of one length, and memory takes everything"));
    let bytes = writer.into_inner().expect("memory takes everything");
    String::from_utf8(bytes).expect("text is written as text")
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true).trim(Trim::All).from_reader(text.as_bytes())
}

fn most_frequent_delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |delimiter: u8| header.bytes().filter(|&byte| byte == delimiter).count();
    // The first of equals wins, so that a header without any is comma-separated.
    DELIMITERS.into_iter().rev().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

fn quoted(names: &[impl AsRef<str>]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_and_values(text: &str) -> Vec<(u64, String)> {
        let mut table = Table::open(text, None).unwrap();
        let mut row = Row::default();
        let mut found = Vec::new();
        while table.next(&mut row).unwrap() {
            found.push((row.line, row.get(0).to_owned()));
        }
        found
    }

    #[test]
    fn lines_are_those_an_editor_shows() {
        let expected = [(2, "1"), (4, "2\nx"), (6, "3")].map(|(line, value)| (line, value.to_owned()));
        assert_eq!(lines_and_values("a,b\n1,1\n\n\"2\nx\",2\n3,3\n"), expected);
        let windows = "a,b\r\n1,1\r\n\r\n\"2\nx\",2\r\n3,3\r\n";
        assert_eq!(lines_and_values(windows), expected);
    }

    #[test]
    fn the_delimiter_is_found_in_the_header() {
        for text in ["a;b,c;d\n1;2;3\n", "a\tb\tc\n1\t2\t3\n", "a|b|c\n1|2|3\n", "a,b,c\n1,2,3\n"] {
            assert_eq!(lines_and_values(text), [(2, "1".to_owned())], "{text}");
        }
        assert_eq!(lines_and_values("only\n1\n"), [(2, "1".to_owned())]);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_named_where_it_opens() {
        let error = |text: &str| {
            let mut table = Table::open(text, None).unwrap();
            let mut row = Row::default();
            loop {
                match table.next(&mut row) {
                    Ok(true) => {}
                    Ok(false) => return None,
                    Err(error) => return Some(error.to_string()),
                }
            }
        };
        let expected = "line 3: opens a quote that is never closed";
        assert!(error("a,b\n1,1\n2,\"x\n3,3\n4,4\n").unwrap().starts_with(expected));
        assert!(error("a\n1\n\"2\n3\n").unwrap().starts_with(expected));
        assert!(error("a,b\n1,1\n2,\"x,").unwrap().starts_with(expected));
        assert_eq!(error("a,b\n1,\"say \"\"so\"\"\"\n"), None);
        // A quote in the midst of a value that began without one is text.
        for text in
            ["a,b\n1,5\" disk\n", "a,b\n1,5\" disk", "a,b\n1,\"x\"", "a,b\n1,\"x\"\n\n", "a\n\"x\ny\"\n", "a,b\n\"1\","]
        {
            assert_eq!(error(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let open = |text| Table::open(text, None).map(|_| ()).unwrap_err().to_string();
        assert!(open("").contains("is empty"));
        assert!(open("{\"a\":1}\n").contains("line 1: is JSON; expected a table"));
        assert!(open("a,a\n").contains("line 1: field `a`: stands in the header twice"));
        let mut table = Table::open("a,b\n1,2\n1\n", None).unwrap();
        assert!(table.column("c").unwrap_err().to_string().contains("the header has `a`, `b`"));
        assert!(table.expect_only(&["a"]).unwrap_err().to_string().contains("field `b`"));
        let mut row = Row::default();
        assert!(table.next(&mut row).unwrap());
        assert_eq!(
            table.next(&mut row).unwrap_err().to_string(),
            "line 3: field `b`: the line has 1 values; expected 2, one for each column"
        );
    }
}
