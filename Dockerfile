# Builds a wheel with the browser libraries in it, then installs that wheel and nothing else.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY script/ script/
COPY backend/ backend/
RUN script/setup --dev && .venv/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /dist ./backend

FROM python:3.12-slim-bookworm
COPY --from=build /src/backend/requirements.lock /dist/ /tmp/dist/
RUN pip install --no-cache-dir --require-hashes -r /tmp/dist/requirements.lock \
    && pip install --no-cache-dir --no-deps /tmp/dist/*.whl \
    && rm -r /tmp/dist \
    && useradd --create-home --uid 10001 aada \
    && install -d -o aada -g aada /data
USER aada
WORKDIR /home/aada
ENV DATA_DIR=/data PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["aada", "serve", "--host", "0.0.0.0"]
