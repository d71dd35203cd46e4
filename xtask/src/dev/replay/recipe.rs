//! What cargo did to build the app, and whether it would do the same now if only the app's own sources changed.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::Recording;
use super::command::Recorded;
use crate::app;
use crate::fingerprint;
use crate::project::Project;

/// The two calls that make the app, and what they are good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recipe {
    version: u32,
    /// The fingerprint of everything around the app's own sources, when the calls were recorded.
    pub(super) key: u64,
    pub(super) lib: Recorded,
    pub(super) bin: Recorded,
    /// Files that the calls read, besides those that every build depends on.
    inputs: Vec<PathBuf>,
    /// Variables that the app's build script wants to hear of, with their values then.
    variables: Vec<(String, Option<String>)>,
}

impl Recipe {
    const VERSION: u32 = 1;

    fn path(project: &Project) -> PathBuf {
        super::folder(project).join("recipe.json")
    }

    /// Takes down what cargo did, if all of it can be told.
    pub(super) fn record(project: &Project, recording: Recording) -> Option<Self> {
        let calls = Recorded::all(&String::from_utf8_lossy(&recording.stderr));
        let call = |kind| calls.iter().rfind(|call| call.is_of_app(project, kind)).cloned();
        let (lib, bin) = (call("lib")?, call("bin")?);
        let mut recipe =
            Self { version: Self::VERSION, key: 0, lib, bin, inputs: recording.artifacts, variables: Vec::new() };
        recipe.inputs.push(recipe.lib.program().to_owned());
        if let Some(folder) = recipe.lib.out_dir() {
            recipe.watch_build_script(project, &folder)?;
        }
        // Something that was changed while cargo ran may have been read before.
        if fingerprint::around(project, &[]).ok()?.newest >= recording.begun {
            return None;
        }
        recipe.key = recipe.key_now(project)?;
        Some(recipe)
    }

    /// What the build script wrote, and what makes cargo run it again. `None` when that may be one of the app's sources.
    fn watch_build_script(&mut self, project: &Project, folder: &Path) -> Option<()> {
        let output = folder.parent()?.join("output");
        let text = std::fs::read_to_string(&output).ok()?;
        let told = |name: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix("cargo:"));
            let lines = lines.map(|line| line.strip_prefix(':').unwrap_or(line));
            lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned).collect()
        };
        let files: Vec<PathBuf> =
            told("rerun-if-changed").iter().map(|file| project.root.join("app").join(file)).collect();
        let names = told("rerun-if-env-changed");
        // Without a word about it, every file of the package counts.
        if (files.is_empty() && names.is_empty()) || files.iter().any(|file| file.is_dir()) {
            return None;
        }
        self.variables = names.into_iter().map(|name| (name.clone(), variable(project, &name))).collect();
        self.inputs.extend(files);
        self.inputs.push(output);
        let written =
            WalkDir::new(folder).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
        self.inputs.extend(written.map(walkdir::DirEntry::into_path));
        Some(())
    }

    fn key_now(&self, project: &Project) -> Option<u64> {
        fingerprint::around(project, &self.inputs).ok().map(|state| state.hash)
    }

    /// Whether cargo would make the same calls, as far as anything but the app's own sources is concerned.
    pub(super) fn is_valid(&self, project: &Project) -> bool {
        let same = |(name, value): &(String, Option<String>)| variable(project, name) == *value;
        self.version == Self::VERSION && self.variables.iter().all(same) && self.key_now(project) == Some(self.key)
    }

    /// The one that was taken down last, if it still holds.
    pub(super) fn load(project: &Project) -> Option<Self> {
        let text = std::fs::read(Self::path(project)).ok()?;
        serde_json::from_slice(&text).ok().filter(|recipe: &Self| recipe.is_valid(project))
    }

    /// Keeps it for later calls of xtask, too.
    pub(super) fn save(&self, project: &Project) -> anyhow::Result<()> {
        let text = serde_json::to_string(self).context("failed to write the recipe")?;
        app::replace(&Self::path(project), &text)
    }
}

fn variable(project: &Project, name: &str) -> Option<String> {
    project.variables.get(std::ffi::OsStr::new(name)).map(|value| value.to_string_lossy().into_owned())
}
