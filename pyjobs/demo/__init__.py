"""The demo: every source file below a folder is a job that travels through three queues.

`sources` finds the files, `jobs` has the job classes, `workers` runs them, `pipeline` puts them,
follows them to the report and checks that its figures add up. What is seen of it on the screen is
`pyjobs/cli/demo.py`.
"""
