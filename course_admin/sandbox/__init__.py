"""The sandbox: where students' code runs, and nowhere else.

      the grader's process                    |  bubblewrap: a whitelist of read-only files, no network, its own
                                              |  processes (bwrap.py says what is let in)
                                              |
      Sandbox (fork_server.py)  -- starts --> |  parent (preloaded.py): has imported torch, pyplot, ..., and waits
               -- three pipes, one byte ----> |    |  forks; never reads a job, never runs a student's code
                                              |    v
      Session (session.py)                    |  child (child.py): namespaces and memory-backed folders of its own,
        cell, question ----- pipe ----------> |    |  no privileges, limits, forbidden system calls (seccomp.py)
        output, answer <---- pipe, frames --- |    v
        what else is printed <-- pipe ------- |  shell (shell.py): IPython without a kernel; runs cells, answers probes
                                              |
      Watch (process_watch.py): every 15 ms the memory and number of the child's processes; kills it

Each submission gets a child of its own, and nothing of one child is left for the next. Where a child cannot have
its own namespaces (selftest.py tries), every submission gets a bubblewrap of its own: the same programs, one job each.

An attacker may have written what comes out of a pipe. frames.py and outputs.py read it with limits, session.py
uses it as evidence or as something to show, never as a mark; course_admin.grading.run_notebook decides which cells
are executed.

frames, preloaded, child, seccomp and shell run inside and import nothing of the course but course_utils; the others run
in the grader's process. This file is on both sides and therefore imports nothing.
"""
