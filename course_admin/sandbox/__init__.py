"""The sandbox: students' code runs only here.

      the grader's process                    |  bubblewrap: a whitelist of read-only files (see bwrap.py), no network,
                                              |  its own process namespace
                                              |
      Sandbox (fork_server.py)  -- starts --> |  parent (preloaded.py): has imported torch, pyplot, ..., and waits
               -- three pipes, one byte ----> |    |  forks; never reads a job, never runs a student's code
                                              |    v
      Session (session.py)                    |  child (child.py): its own namespaces and memory-backed folders,
        cell, question ----- pipe ----------> |    |  no privileges, limits, forbidden system calls (seccomp.py)
        output, answer <---- pipe, frames --- |    v
        other printed text <---- pipe ------- |  shell (shell.py): IPython without a kernel; runs cells, answers probes
                                              |
      Watch (process_watch.py): checks memory and number of the child's processes every 15 ms; kills it

Each submission gets its own child, and nothing of one child is left for the next. If a child cannot have its own
namespaces (selftest.py tests this), every submission gets its own bubblewrap: the same programs, with one job each.

An attacker may have written any data that comes out of a pipe. frames.py and outputs.py read it with limits. session.py
uses it as evidence or as text to show, never as a mark. course_admin.grading.run_notebook decides which cells are
executed.

frames, preloaded, child, seccomp and shell run inside the sandbox. Of the course they import only course_utils. The
other modules run in the grader's process. This file is used on both sides and therefore imports nothing.
"""
