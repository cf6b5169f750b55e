//! As much JSON as a summary needs.

use std::fmt::Write;

/// An object of one line, member by member.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        Object("{".into())
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&quoted(name));
        self.0.push(':');
    }

    pub(crate) fn text(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        self.0.push_str(&quoted(value));
        self
    }

    pub(crate) fn count(self, name: &str, value: u64) -> Self {
        self.raw(name, &value.to_string())
    }

    pub(crate) fn number(self, name: &str, value: f64) -> Self {
        let value = if value.is_finite() { (value * 1e3).round() / 1e3 } else { 0.0 };
        self.raw(name, &value.to_string())
    }

    pub(crate) fn flag(self, name: &str, value: bool) -> Self {
        self.raw(name, if value { "true" } else { "false" })
    }

    pub(crate) fn texts(self, name: &str, values: &[String]) -> Self {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        self.raw(name, &format!("[{}]", values.join(",")))
    }

    pub(crate) fn object(self, name: &str, value: Object) -> Self {
        self.raw(name, &value.finish())
    }

    fn raw(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        self.0.push_str(value);
        self
    }

    pub(crate) fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            char if char.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(char));
            }
            char => out.push(char),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_json() {
        let inner = Object::new().number("half", 0.5).count("many", u64::MAX);
        let object = Object::new().text("a \"b\"\n\\\u{1}", "c").texts("list", &["x".into(), "\t".into()]);
        let text = object.flag("yes", true).object("inner", inner).finish();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["a \"b\"\n\\\u{1}"], "c");
        assert_eq!(value["list"][1], "\t");
        assert_eq!(value["inner"]["half"], 0.5);
        assert_eq!(value["inner"]["many"], u64::MAX);
        assert_eq!(value["yes"], true);
    }
}
