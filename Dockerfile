# The course in a container, for instructors and graders: the solutions are in it, so the image must stay private.
# Students get the bundle (`course publish`). docs/where.md says what of this was tried.
#
#   docker build -t course .                                           # about 8 GB
#   docker build -t course --build-arg TORCH_CPU_INDEX=ADDRESS .       # without CUDA, about 2 GB
#   docker run --rm -p 8888:8888 course                                # JupyterLab on the students' notebooks
#
# Grading in the container needs namespaces for its sandbox, and submitted/ from outside:
#   docker run --rm -it --security-opt seccomp=unconfined --security-opt systempaths=unconfined \
#       -v "$PWD/submitted:/course/submitted" course course grade 01_pca_vs_ae

FROM python:3.11-slim-bookworm AS base
RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap git make \
    && rm -rf /var/lib/apt/lists/*
# The sandbox is tighter for an ordinary user than for root.
RUN useradd --create-home --uid 1000 course

FROM base AS course
# ADDRESS: the extra index that PyTorch's install page names for CPU.
ARG TORCH_CPU_INDEX=""
WORKDIR /course
RUN chown course:course /course
USER course
RUN python -m venv /course/.venv
ENV PATH=/course/.venv/bin:$PATH PIP_NO_CACHE_DIR=1
COPY --chown=course:course requirements.lock pyproject.toml ./
RUN if [ -n "$TORCH_CPU_INDEX" ]; then \
        pip install --no-deps --index-url "$TORCH_CPU_INDEX" $(grep -E '^torch(vision)?==' requirements.lock) \
        && grep -vE '^(torch|torchvision|triton|nvidia-[a-z0-9-]+|cuda-[a-z-]+)==' requirements.lock > /tmp/lock; \
    else \
        cp requirements.lock /tmp/lock; \
    fi \
    && pip install --no-deps -r /tmp/lock && rm /tmp/lock
COPY --chown=course:course . .
RUN pip install --no-deps --no-build-isolation -e .
EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--no-browser", "--notebook-dir=release"]
