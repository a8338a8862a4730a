//! The direction of every field, over many seeds.

mod builtin;
