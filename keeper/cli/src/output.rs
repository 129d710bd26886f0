//! What commands print: one JSON document for scripts, aligned text for people.

use std::io::Write as _;

use serde_json::Value;

/// Where and how a command reports. Diagnostics and progress go to standard error, results to standard output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// Output in JSON or for people.
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a script reads.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Prints the result: `value` for scripts, what `text` gives for people.
    pub(crate) fn result(self, value: &Value, text: impl FnOnce() -> String) {
        if self.json { self.line(&value.to_string()) } else { self.line(&text()) }
    }

    /// Prints one line. A closed pipe (`opg jobs list | head`) is not an error.
    pub(crate) fn line(self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        let _ = writeln!(stdout, "{text}");
        let _ = stdout.flush();
    }
}

/// Prints one line on standard error.
pub(crate) fn diagnostic(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Lays rows out in columns under a header.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let mut text = String::new();
        for (width, cell) in widths.iter().zip(cells) {
            let padding = width - cell.chars().count();
            text.push_str(cell);
            text.push_str(&" ".repeat(padding + 2));
        }
        text.trim_end().to_owned()
    };
    let mut lines = vec![line(header.to_vec())];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}

/// Lays labels and values out in two columns.
pub(crate) fn fields(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(label, value)| format!("  {label:<width$}  {value}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let text =
            table(&["ID", "STATE"], &[vec!["long-id".into(), "x".into()], vec!["s".into(), "y".into()]]);
        assert_eq!(text, "ID       STATE\nlong-id  x\ns        y");
    }
}
