//! The four streams of records: the vectors, what writers make, and bad input.

mod stream;
