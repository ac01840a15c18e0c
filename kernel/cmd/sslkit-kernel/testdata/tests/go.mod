// Tests that end in all ways, for the test of the command test.
module tests

go 1.26.0
