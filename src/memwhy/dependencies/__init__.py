"""What a program is made of, and what is known of it: modules, versions, libraries, held against a catalogue of leaks."""
