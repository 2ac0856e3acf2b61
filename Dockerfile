# Clarifai Chat as an image: docker build -t clarifai-chat . && docker run -p 8501:8501 clarifai-chat
# Packages are those of the lock, checked by their hashes; pip and compilers stay in the first stage.

ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS packages
WORKDIR /app
COPY requirements.txt .
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --no-cache-dir --no-deps --require-hashes \
       --only-binary :all: -r requirements.txt \
    && find /venv -type d -name tests -prune -exec rm -rf {} +

FROM python:${PYTHON}
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    HOST=0.0.0.0 \
    DATABASE_URL=sqlite:////data/history.db
COPY --from=packages /venv /venv
COPY .streamlit/config.toml .streamlit/
COPY app.py server.py ./
COPY assets assets
COPY clarifai_chat clarifai_chat
COPY components components
COPY frontend/built frontend/built
COPY migrations migrations
COPY pages pages
# A number, so that an orchestrator can see that it is not root; /data is for conversations.
RUN python -m compileall -q . && mkdir /data && chown 10001:10001 /data && pip uninstall -q -y pip
USER 10001:10001
VOLUME /data
EXPOSE 8501
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ.get(\"PORT\") or 8501}/livez', timeout=4)"]
# Process 1 itself, so that SIGTERM reaches it: replies end with what has come, and all is saved.
ENTRYPOINT ["python", "server.py"]
