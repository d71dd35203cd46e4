//! What a release build carries of the project's files, so that the binary alone is a whole deployment.

use crate::module::Migrations;

/// Files by their path below a folder, with `/`.
pub type Files<T> = &'static [(&'static str, &'static T)];

/// Folders by their path below the product's sources (`templates`, `src/modules/users/templates`).
pub type Folders<T> = &'static [(&'static str, Files<T>)];

/// What a release build carries, made by the product's build script. A debug build carries nothing and reads the disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Carried {
    /// The migrations of the modules that read theirs from the disk, by the module's path (`cms/adp/roles`).
    pub migrations: &'static [(&'static str, Migrations)],
    /// Templates.
    pub templates: Folders<str>,
    /// Static files, as they are before `collectstatic`.
    pub statics: Folders<[u8]>,
    /// Texts in the languages of the project.
    pub locales: Folders<str>,
}

/// The files of a folder, when it is carried.
pub(crate) fn folder<T: ?Sized>(folders: Folders<T>, path: &str) -> Option<Files<T>> {
    folders.iter().find(|(known, _)| *known == path).map(|(_, files)| *files)
}

/// The file of this path.
pub(crate) fn file<T: ?Sized>(files: Files<T>, path: &str) -> Option<&'static T> {
    files.iter().find(|(known, _)| *known == path).map(|(_, content)| *content)
}
