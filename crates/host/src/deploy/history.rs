//! The generations of a unit, and which content each file had in which of them.
//!
//! A generation knows its parent, so the generations are a tree: a rollback and another apply make a
//! branch. Generation 0 is what was there before ringfence came.

use std::collections::BTreeMap;

use ringfence_policy::path::AbsPath;

use super::DeployError;
use super::folder::Folder;
use super::record::{Affected, Kept, Record};
use super::tree::Content;

/// Every generation, by number, seen from the current one.
#[derive(Debug)]
pub struct History {
    records: BTreeMap<u64, Record>,
    current: u64,
}

impl History {
    /// Reads the generations. `current` is the one that is applied, 0 for none.
    pub fn read(folder: &Folder, current: u64) -> Result<Self, DeployError> {
        let mut records = BTreeMap::new();
        for number in folder.generations()? {
            records.insert(number, folder.record(number)?);
        }
        if current != 0 && !records.contains_key(&current) {
            // The error that a missing record has.
            folder.record(current)?;
        }
        Ok(Self { records, current })
    }

    /// The number that the next generation gets.
    pub fn next(&self) -> u64 {
        self.records.keys().next_back().map_or(1, |last| last + 1)
    }

    /// A generation's record.
    pub fn record(&self, generation: u64) -> Option<&Record> {
        self.records.get(&generation)
    }

    /// The generations from this one back to the first; none for 0.
    fn line(&self, generation: u64) -> Vec<&Record> {
        let mut line = Vec::new();
        let mut number = generation;
        // A parent has a lower number, which reading made sure of: this ends.
        while let Some(record) = self.records.get(&number) {
            line.push(record);
            number = record.parent;
        }
        line
    }

    /// The files that the current generation and those before it wrote.
    pub fn paths(&self) -> Vec<&AbsPath> {
        let line = self.line(self.current);
        let mut paths: Vec<&AbsPath> = line
            .iter()
            .flat_map(|record| record.files.iter().map(|file| &file.path))
            .collect();
        paths.sort();
        paths.dedup();
        paths
    }

    /// What the current generation, or else the last one before it that knew the file, left there.
    pub fn written(&self, path: &AbsPath) -> Option<&Kept> {
        self.line(self.current)
            .into_iter()
            .find_map(|record| file(record, path))
            .map(|found| &found.after)
    }

    /// What was there before ringfence wrote the file for the first time on this line.
    pub fn original(&self, folder: &Folder, path: &AbsPath) -> Result<Content, DeployError> {
        let line = self.line(self.current);
        let first = line.into_iter().rev().find_map(|record| {
            let found = file(record, path)?;
            Some((record.generation, found))
        });
        match first {
            Some((generation, found)) => folder.content(generation, &found.before),
            None => Ok(Content::Absent),
        }
    }

    /// What has to be where for a generation to be applied: back from the current one to the last
    /// generation that both come from, and forward from there.
    pub fn way_to(
        &self,
        folder: &Folder,
        generation: u64,
    ) -> Result<BTreeMap<AbsPath, Content>, DeployError> {
        let (back, forth) = (self.line(self.current), self.line(generation));
        let common = |record: &&&Record| {
            let number = record.generation;
            !forth.iter().any(|other| other.generation == number)
        };
        let mut contents = BTreeMap::new();
        for record in back.iter().take_while(common) {
            for file in &record.files {
                let content = folder.content(record.generation, &file.before)?;
                contents.insert(file.path.clone(), content);
            }
        }
        let new = |record: &&&Record| {
            let number = record.generation;
            !back.iter().any(|other| other.generation == number)
        };
        let forward: Vec<_> = forth.iter().take_while(new).collect();
        for record in forward.into_iter().rev() {
            for file in &record.files {
                let content = folder.content(record.generation, &file.after)?;
                contents.insert(file.path.clone(), content);
            }
        }
        Ok(contents)
    }

    /// The units that the current generation or the other concerns.
    pub fn units(&self, generation: u64) -> Vec<Affected> {
        let mut units: Vec<Affected> = Vec::new();
        for number in [self.current, generation] {
            for affected in self.records.get(&number).map_or(&[][..], |r| &r.units) {
                if !units.iter().any(|known| known.name == affected.name) {
                    units.push(affected.clone());
                }
            }
        }
        units
    }

    /// The directories that the current generation and those before it made.
    pub fn directories(&self) -> Vec<AbsPath> {
        self.line(self.current)
            .into_iter()
            .flat_map(|record| record.directories.clone())
            .collect()
    }
}

fn file<'a>(record: &'a Record, path: &AbsPath) -> Option<&'a super::record::FileRecord> {
    record.files.iter().find(|file| file.path == *path)
}
