//! The tree of static files that is collected: 1,000 style sheets with 60 references each, 500 scripts, 1,500 images.
//! Always the same, so that figures can be compared.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context;

const STYLES: u64 = 1000;
const SCRIPTS: u64 = 500;
const IMAGES: u64 = 1500;

/// How many files that are.
pub(super) const FILES: u64 = STYLES + SCRIPTS + IMAGES;

const REFERENCES: u64 = 60;

/// The style sheets that others import. They import nothing: Django follows a chain of five at most.
const IMPORTED: u64 = 100;

const WORDS: [&str; 32] = [
    "account",
    "banner",
    "button",
    "calendar",
    "caption",
    "column",
    "dialog",
    "editor",
    "filter",
    "footer",
    "gallery",
    "header",
    "index",
    "label",
    "list",
    "mailing",
    "menu",
    "message",
    "notice",
    "number",
    "page",
    "panel",
    "person",
    "preview",
    "recipient",
    "report",
    "search",
    "section",
    "status",
    "summary",
    "table",
    "widget",
];

const PROPERTIES: [(&str, &[&str]); 12] = [
    ("color", &["#1b1f24", "#5c6773", "var(--text)", "var(--accent)", "currentColor"]),
    ("display", &["flex", "grid", "block", "inline-block", "none"]),
    ("padding", &["0", "4px 8px", "0.5rem 1rem", "12px"]),
    ("margin", &["0 auto", "0", "1rem 0", "8px 0 16px"]),
    ("border", &["1px solid var(--line)", "0", "2px solid transparent"]),
    ("border-radius", &["4px", "0.5rem", "50%"]),
    ("font", &["600 14px/1.4 system-ui, sans-serif", "inherit", "400 1rem/1.5 var(--serif)"]),
    ("transition", &["opacity 120ms ease-out", "none", "transform 0.2s ease-in-out"]),
    ("align-items", &["center", "flex-start", "stretch"]),
    ("gap", &["8px", "1rem", "0.25em"]),
    ("opacity", &["0", "1", "0.72"]),
    ("box-shadow", &["0 1px 2px rgb(0 0 0 / 0.08)", "none", "0 8px 24px rgb(27 31 36 / 0.16)"]),
];

/// Numbers that look random (xorshift).
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % limit
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        let position = self.below(of.len() as u64);
        of[usize::try_from(position).unwrap_or_default()]
    }
}

/// Writes the tree, if it is not there.
pub(super) fn make(directory: &Path) -> anyhow::Result<()> {
    let done = directory.with_extension("made");
    if done.exists() {
        return Ok(());
    }
    let make = || -> std::io::Result<()> {
        for part in ["css", "js", "img"] {
            fs::create_dir_all(directory.join(part))?;
        }
        for number in 0..STYLES {
            fs::write(directory.join(format!("css/{}", style_name(number))), style(number))?;
        }
        for number in 0..SCRIPTS {
            fs::write(directory.join(format!("js/script{number:03}.js")), script(number))?;
        }
        for number in 0..IMAGES {
            fs::write(directory.join(format!("img/{}", image_name(number))), image(number))?;
        }
        fs::write(&done, "")
    };
    make().with_context(|| format!("failed to write the tree of static files to `{}`", directory.display()))
}

fn style_name(number: u64) -> String {
    format!("style{number:04}.css")
}

fn image_name(number: u64) -> String {
    format!("image{number:04}.png")
}

/// A style sheet of about 12 kB. A string can always be written to.
fn style(number: u64) -> String {
    let mut dice = Dice::new(1 + number);
    let mut text = format!("/* Part {number} of the site's look. */\n");
    let mut references = 0;
    if number >= IMPORTED {
        let _ = writeln!(text, "@import url(\"{}\");", style_name(dice.below(IMPORTED)));
        references += 1;
    }
    while references < REFERENCES {
        let (block, element) = (dice.one(&WORDS), dice.one(&WORDS));
        let state = dice.one(&["", ":hover", "::before", "[aria-current]", " > a", ":focus-visible"]);
        let _ = writeln!(text, "\n.{block}__{element}{state} {{");
        let image = image_name(dice.below(IMAGES));
        let _ = match dice.below(3) {
            0 => writeln!(text, "  background-image: url('../img/{image}');"),
            1 => writeln!(text, "  background: no-repeat center / contain url(../img/{image});"),
            _ => writeln!(text, "  mask: url(\"../img/{image}\") 0 0 / 16px 16px;"),
        };
        references += 1;
        for _ in 0..2 + dice.below(4) {
            let position = dice.below(PROPERTIES.len() as u64);
            let (property, values) = PROPERTIES[usize::try_from(position).unwrap_or_default()];
            let _ = writeln!(text, "  {property}: {};", dice.one(values));
        }
        text.push_str("}\n");
    }
    text
}

/// A script of about 10 kB.
fn script(number: u64) -> String {
    let mut dice = Dice::new(100_000 + number);
    let mut text = format!("// Part {number} of the site's behaviour.\n(function (site) {{\n  \"use strict\";\n");
    for function in 0..24 {
        let [object, noun, verb] = [dice.one(&WORDS), dice.one(&WORDS), dice.one(&["open", "close", "load", "show"])];
        let (limit, delay) = (dice.below(500), dice.below(2000));
        let _ = write!(
            text,
            "\n  function {verb}_{object}_{function}({noun}, options) {{\n    \
             const found = document.querySelectorAll(\".{object}__{noun}\");\n    \
             if (!found.length || options.{noun} > {limit}) {{\n      \
             site.warn(\"{verb}: no {object} for {noun}\", {noun});\n      return null;\n    }}\n    \
             found.forEach((element) => element.classList.toggle(\"is-{verb}\", options.{object} !== {noun}));\n    \
             return window.setTimeout(() => site.{verb}({noun}), {delay});\n  }}\n"
        );
    }
    text.push_str("})(window.site = window.site || {});\n");
    text
}

/// What begins as a PNG does, and cannot be compressed.
fn image(number: u64) -> Vec<u8> {
    let mut dice = Dice::new(200_000 + number);
    let size = 600 + dice.below(4000);
    let noise = (0..size).map(|_| u8::try_from(dice.below(256)).unwrap_or_default());
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR".iter().copied().chain(noise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_sheet_has_sixty_references_and_the_tree_is_always_the_same() {
        for number in [0, IMPORTED, STYLES - 1] {
            let style = style(number);
            assert_eq!(style.matches("url(").count(), 60, "{style}");
            assert_eq!(style.contains("@import"), number >= IMPORTED);
        }
        assert_eq!((style(7), script(7), image(7)), (style(7), script(7), image(7)));
        assert_ne!(image(7), image(8));
        assert!((8000..16000).contains(&style(500).len()), "{}", style(500).len());
        assert!((8000..14000).contains(&script(3).len()), "{}", script(3).len());
    }
}
