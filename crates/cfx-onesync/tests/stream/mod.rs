mod hostile;
mod show;
mod vectors;
mod writers;
