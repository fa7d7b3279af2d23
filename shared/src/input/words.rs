//! What deserializers say, in words of whoever wrote the input.

/// The text that an input is written in: what people call its parts differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON, one value a line or one a document.
    Json,
    /// TOML.
    Toml,
    /// The query of a URL.
    Query,
}

/// What was found: `integer `5`` is the number 5.
pub(super) fn found(text: &str, format: Format) -> String {
    let value = |prefix: &str| text.strip_prefix(prefix).map(|value| value.trim_matches('`'));
    if let Some(number) = value("integer ").or_else(|| value("floating point ")) {
        return format!("the number {number}");
    }
    if let Some(text) = value("string ").or_else(|| value("character ")).or_else(|| value("boolean ")) {
        return text.to_owned();
    }
    match text {
        "sequence" => "a list".to_owned(),
        "map" => object(format).to_owned(),
        "unit value" | "Option value" => "null".to_owned(),
        other => other.to_owned(),
    }
}

/// What was expected: `u32` is a whole number. What a type says in words of its own stays as it is.
pub(super) fn expected(text: &str, format: Format) -> String {
    if ["struct ", "enum ", "variant ", "internally tagged ", "adjacently tagged "].iter().any(|s| text.starts_with(s))
    {
        return fields(format).to_owned();
    }
    match text {
        "f64" | "f32" => "a number, as 2.5",
        "u64" | "usize" | "u128" => "a whole number from 0",
        "u32" => "a whole number from 0 to 4294967295",
        "u16" => "a whole number from 0 to 65535",
        "u8" => "a whole number from 0 to 255",
        "i8" | "i16" | "i32" | "i64" | "i128" => "a whole number",
        "a string" | "a borrowed string" | "string" => "a text in quotes",
        "a boolean" => "true or false",
        "a map" => fields(format),
        "string or map" => "a name in quotes, or an object in braces with one, as {\"name\":value}",
        "a sequence" => "a list in square brackets",
        "socket address" => "an address with a port, as 127.0.0.1:8080",
        "path string" => "a path in quotes",
        other => other,
    }
    .to_owned()
}

const fn object(format: Format) -> &'static str {
    match format {
        Format::Json | Format::Query => "an object",
        Format::Toml => "a table",
    }
}

const fn fields(format: Format) -> &'static str {
    match format {
        Format::Json | Format::Query => "an object in braces, as {\"name\":value}",
        Format::Toml => "a table, as [name] with a line for each of its fields",
    }
}

/// What the parsers of single values mean, where their text says it only to programmers.
pub fn plain_words(message: &str) -> Option<&'static str> {
    Some(match message {
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            "expected a whole number from 0, as 20"
        }
        "number too large to fit in target type" => "is too large; expected a smaller whole number",
        "number too small to fit in target type" => "is too small; expected a larger whole number",
        "invalid float literal" | "cannot parse float from empty string" => "expected a number, as 2.5",
        "invalid socket address syntax" => "expected an address with a port, as 127.0.0.1:8080",
        "provided string was not `true` or `false`" => "expected true or false",
        "wanted string or table" => "expected one of its names in quotes",
        "EOF while parsing an object" => "it ends inside an object; expected a closing brace",
        "EOF while parsing a list" => "it ends inside a list; expected a closing bracket",
        "EOF while parsing a string" => "it ends inside a text; expected closing quotes",
        "EOF while parsing a value" => "it ends where a value was expected",
        "expected value" => "expected a number, a text in quotes, true, false, null, a list or an object",
        "expected ident" => "expected true, false or null",
        "key must be a string" => "expected the name of a field in double quotes",
        "trailing characters" => "something follows behind its end",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_of_ours_is_named() {
        let said = |text: &str, format| expected(text, format);
        assert_eq!(said("struct Request", Format::Json), "an object in braces, as {\"name\":value}");
        assert_eq!(
            said("struct AssumptionArgs", Format::Toml),
            "a table, as [name] with a line for each of its fields"
        );
        assert_eq!(said("usize", Format::Query), "a whole number from 0");
        assert_eq!(said("an instant in quotes", Format::Json), "an instant in quotes");
        assert_eq!(found("integer `-4`", Format::Json), "the number -4");
        assert_eq!(found("string \"two\"", Format::Json), "\"two\"");
        assert_eq!(found("map", Format::Toml), "a table");
    }
}
