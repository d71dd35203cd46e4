//! Random `mod.rs` files that are valid, however odd, from a seed that is printed.

/// A small generator (xorshift), so that a seed gives the same sequence for ever.
pub(super) struct Random(u64);

/// A file, and what is known of it.
pub(super) struct Sample {
    pub(super) text: String,
    /// True when both places for a new line have lines of their own around them.
    pub(super) is_plain: bool,
}

const ITEMS: &[&str] = &[
    "use framework::contrib::{auth, sessions};",
    "use std::{fmt, io as input};",
    "const TEXT: &str = \"pub mod roles;\\n\\\"MODULES\\\" fn module() { // no comment\";",
    "const RAW: &str = r#\"\npub mod zeta;\nconst MODULES: X = [\n    a::module,\n];\n/* \"#;",
    "macro_rules! registry {\n    ($($name:ident),*) => { $(pub mod $name;)* pub const MODULES: A = &[$($name::module),*]; };\n}",
    "fn other() -> u8 {\n    fn module() -> M {\n        let mut module = M::new();\n        module.submodule(x::module);\n        module\n    }\n    const MODULES: &[M] = &[z::module];\n    1\n}",
    "fn more() {\n    fn all() -> V {\n        vec![management::command::<y::Command>()]\n    }\n}",
    "mod inline {\n    pub mod inner;\n    pub const MODULES: &[M] = &[];\n    pub fn module() -> M {\n        let mut m = M;\n        m\n    }\n}",
    "#[cfg(test)]\nmod tests;",
    "#[cfg(test)]\nmod unit {\n    use super::*;\n}",
    "struct Lines<'a> {\n    text: &'a str,\n    c: char,\n}",
    "const C: [char; 3] = ['\"', '\\'', '/'];",
    "const BYTES: &[u8] = b\"\\\\ // \\\" \";",
    "/// ```\n/// pub mod roles;\n/// ```\npub struct Documented;",
    "/** pub mod roles; /* nested */ */\npub struct Block;",
    "impl<T: Into<Vec<Vec<T>>>> Other for Vec<T> {\n    type A = u8;\n}",
    "type Größe = u8;",
    "extern crate alloc as heap;",
    "registry! { one, two }",
    "#[rustfmt::skip]\nmod   skipped;",
    "#[macro_use]\nmod macros;",
];

const COMMENTS: &[&str] = &[
    "// Plain.\n",
    "// pub mod roles;\n",
    "/* pub mod roles; /* nested */ still */\n",
    "/* first\n   pub mod roles;\n   last */\n",
    "//// Not documentation.\n",
    "// «ünï» ★ \"\n",
    "\n",
];

const NAMES: &[&str] = &[
    "alpha",
    "beta",
    "cms",
    "delta",
    "m1",
    "m2",
    "m10",
    "news",
    "news_items",
    "newsletters",
    "r#type",
    "s_t",
    "st",
    "zeta",
];

impl Random {
    /// From `SCAFFOLD_TEST_SEED`, else from the clock; says which on stderr, which the harness shows when the test fails.
    pub(super) fn from_environment() -> Self {
        #[expect(clippy::disallowed_methods, reason = "asked by no code of the product")]
        let seed = match std::env::var("SCAFFOLD_TEST_SEED") {
            Ok(seed) => seed.parse().expect("SCAFFOLD_TEST_SEED is a number"),
            Err(_) => std::time::UNIX_EPOCH.elapsed().expect("a clock after 1970").as_nanos() as u64,
        };
        eprintln!("to repeat: SCAFFOLD_TEST_SEED={seed}");
        Self(seed | 1)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn comment(&mut self, percent: usize) -> &'static str {
        if self.chance(percent) { self.pick(COMMENTS) } else { "" }
    }

    /// Some names, each once, in order or not.
    fn names(&mut self) -> Vec<&'static str> {
        let percent = self.below(80);
        let mut names: Vec<&str> = NAMES.iter().copied().filter(|_| self.chance(percent)).collect();
        if self.chance(30) {
            names.reverse();
        }
        names
    }

    /// The `mod` lines of these names: one group or several, with all that can stand beside them.
    fn declarations(&mut self, names: &[&str]) -> String {
        let mut text = String::new();
        for name in names {
            text += self.comment(10);
            if self.chance(10) {
                text += self.pick(&["/// About it.\n", "#[cfg(feature = \"x\")]\n", "#[path = \"else.rs\"]\n"]);
            }
            text += self.pick(&["pub ", "pub ", "", "pub(crate) "]);
            text += &format!("mod {name};");
            text += self.pick(&["\n", "\n", "\n", "\n", " // Behind.\n", " /* behind */\n", " ", "   \n"]);
        }
        text
    }

    /// A list of these elements in one of its shapes.
    fn list(&mut self, open: &str, elements: &[String], indent: &str) -> (String, bool) {
        let inner = format!("{indent}    ");
        match self.below(4) {
            0 => (format!("{open}{}]", elements.join(", ")), false),
            1 => {
                let between = self.pick(&[",", ",  ", ",\n\t", " /* , */, ", ", // ],\n   "]);
                let end = self.pick(&["", " ", "\n", " // ]\n", "/* ] */"]);
                let comma = if elements.is_empty() { "" } else { self.pick(&["", ","]) };
                (format!("{open}{end}{}{comma}{end}]", elements.join(between)), false)
            }
            _ => {
                let mut lines = format!("{open}\n");
                // Without a comment, rustfmt may have it otherwise, and it is laid out anew.
                lines += &format!("{inner}// One a line.\n");
                for element in elements {
                    if self.chance(10) {
                        lines += &format!("{inner}// Next: `x::module,`\n");
                    }
                    lines += &format!("{inner}{element},{}\n", self.pick(&["", "", "", " // Behind.", "\n"]));
                }
                (format!("{lines}{indent}]"), true)
            }
        }
    }

    fn attributed(&mut self, element: String) -> String {
        if self.chance(10) { format!("#[cfg(feature = \"x\")] {element}") } else { element }
    }

    fn modules(&mut self, names: &[&str]) -> (String, bool) {
        let mut elements: Vec<String> = names
            .iter()
            .map(|name| {
                let path = self.pick(&["", "", "", "self::", "crate::modules::"]);
                self.attributed(format!("{path}{name}::module"))
            })
            .collect();
        elements.extend(
            ["auth::module", "framework::contrib::sessions::module"]
                .into_iter()
                .filter(|_| self.chance(60))
                .map(str::to_owned),
        );
        let open = self.pick(&["&[", "&[", "["]);
        let (list, is_plain) = self.list(open, &elements, "");
        let keyword = self.pick(&["pub const", "const", "pub(crate) static"]);
        (format!("/// Installed: `x::module,`\n{keyword} MODULES: &[fn() -> Module] = {list};\n"), is_plain)
    }

    fn commands(&mut self, names: &[&str]) -> (String, bool) {
        let elements: Vec<String> = names
            .iter()
            .map(|name| match self.below(4) {
                0 => format!("management::command_as::<{name}::Command>(\"other\")"),
                _ => format!("management::command::<{name}::Command>()"),
            })
            .collect();
        let (list, is_plain) = self.list("vec![", &elements, "    ");
        (
            format!(
                "use framework::management;\n\npub(super) fn all() -> Vec<management::CommandSpec> {{\n    {list}\n}}\n"
            ),
            is_plain,
        )
    }

    fn module(&mut self, names: &[&str]) -> (String, bool) {
        let name = self.pick(&["module", "m"]);
        let mut statements = vec![format!("let mut {name} = Module::new(\"x\");")];
        for statement in ["models(models::MODELS)", "routes(views::routes())", "post_migrate(async |_| Ok(()))"] {
            if self.chance(40) {
                statements.push(format!("{name}.{statement};"));
            }
        }
        for child in names {
            let path = self.pick(&["", "", "self::"]);
            let statement = format!("{name}.submodule({path}{child}::module);");
            statements.push(self.attributed(statement));
        }
        for statement in ["let _ = \"m.submodule(roles::module);\";", "if cfg!(x) { log(&m); }", "assert!(true);"] {
            if self.chance(15) {
                let at = 1 + self.below(statements.len());
                statements.insert(at, statement.to_owned());
            }
        }
        statements.push(name.to_owned());
        let (between, is_plain) = match self.below(5) {
            0 => (" ", false),
            1 => ("  /* m.submodule(roles::module); */  ", false),
            2 => ("\n\n    // m.submodule(roles::module);\n    ", true),
            _ => ("\n    ", true),
        };
        let space = if is_plain { "\n    " } else { " " };
        let end = if is_plain { "\n" } else { " " };
        (format!("/// The module.\npub fn module() -> Module {{{space}{}{end}}}\n", statements.join(between)), is_plain)
    }

    /// The `mod.rs` of all modules.
    pub(super) fn top(&mut self) -> Sample {
        self.file(Self::modules)
    }

    /// The `mod.rs` of a module.
    pub(super) fn module_file(&mut self) -> Sample {
        self.file(Self::module)
    }

    /// The `mod.rs` of a module's commands.
    pub(super) fn commands_file(&mut self) -> Sample {
        self.file(Self::commands)
    }

    fn file(&mut self, subject: fn(&mut Self, &[&str]) -> (String, bool)) -> Sample {
        let names = self.names();
        let (subject, mut is_plain) = subject(self, &names);
        let mut blocks = vec![subject];
        let split = self.below(names.len() + 1);
        let declarations = [self.declarations(&names[..split]), self.declarations(&names[split..])];
        is_plain &= declarations.concat().lines().all(|line| line.matches("mod ").count() <= 1) && !names.is_empty();
        let others = self.below(5);
        let others: Vec<String> = (0..others).map(|_| format!("{}\n", self.pick(ITEMS))).collect();
        let mut seen = Vec::new();
        for block in declarations.into_iter().chain(others) {
            // Each item once, and a trailing blank is no line's end.
            let block = format!("{}\n", block.trim_end());
            if block.trim().is_empty() || seen.contains(&block) {
                continue;
            }
            seen.push(block.clone());
            let at = self.below(blocks.len() + 1);
            blocks.insert(at, block);
        }
        let mut text = String::new();
        if self.chance(60) {
            text += self.pick(&[
                "//! Docs: `pub mod roles;`\n\n",
                "//! Docs.\n#![allow(dead_code)]\n",
                "/*! Docs */\n",
                "// Licence.\n\n",
            ]);
        }
        for block in blocks {
            text += self.comment(30);
            text += &block;
            text += self.pick(&["\n", "\n", ""]);
        }
        self.finish(text, is_plain)
    }

    /// Line endings, the last line's end, and what stands before the first.
    fn finish(&mut self, mut text: String, mut is_plain: bool) -> Sample {
        if self.chance(20) {
            text = text.trim_end().to_owned();
            is_plain = false;
        }
        text = match self.below(8) {
            0 | 1 => text.replace('\n', "\r\n"),
            2 => text.split('\n').collect::<Vec<_>>().join(self.pick(&["\n", "\r\n", "\n"])),
            3 => {
                let lines: Vec<&str> = text.split_inclusive('\n').collect();
                lines
                    .into_iter()
                    .map(|line| if self.chance(50) { line.replace('\n', "\r\n") } else { line.to_owned() })
                    .collect()
            }
            _ => text,
        };
        if self.chance(5) {
            // It stays in front of the first line, whichever that is.
            text.insert(0, '\u{feff}');
            is_plain = false;
        }
        Sample { text, is_plain }
    }
}
