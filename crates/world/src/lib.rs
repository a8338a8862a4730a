#![no_std]
//! To come.
extern crate alloc;
