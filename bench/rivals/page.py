"""A bare page that reads the provider's events with `fetch`: about the most a browser can do.

It draws plain text, keeps no history and passes every byte on as it came.
"""

import os
from collections.abc import AsyncIterator

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, StreamingResponse
from starlette.routing import Route

PAGE = """<!doctype html><meta charset="utf-8"><title>Chat</title>
<style>.reply { white-space: pre-wrap }</style>
<main></main><textarea id="prompt"></textarea>
<script>
const box = document.getElementById("prompt"), main = document.querySelector("main");
const messages = [];
box.addEventListener("keydown", async event => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  messages.push({role: "user", content: box.value});
  box.value = "";
  const reply = main.appendChild(document.createElement("div"));
  reply.className = "reply";
  const body = JSON.stringify({model: "bench", messages, stream: true});
  const response = await fetch("/chat", {method: "POST", body});
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const {done, value} = await reader.read();
    if (done) break;
    const lines = (held + value).split("\\n");
    held = lines.pop();
    let text = "";
    for (const line of lines)
      if (line.startsWith("data: {"))
        text += JSON.parse(line.slice(6)).choices[0]?.delta.content ?? "";
    reply.append(text);
  }
  messages.push({role: "assistant", content: reply.textContent});
});
</script>"""

client = httpx.AsyncClient(base_url=os.environ["BENCH_API_BASE"], timeout=120)


async def show(request: Request) -> HTMLResponse:
    return HTMLResponse(PAGE)


async def chat(request: Request) -> StreamingResponse:
    asked = client.build_request("POST", "/chat/completions", content=await request.body())
    response = await client.send(asked, stream=True)

    async def events() -> AsyncIterator[bytes]:
        async for data in response.aiter_raw():
            yield data
        await response.aclose()

    return StreamingResponse(events(), media_type="text/event-stream")


app = Starlette(routes=[Route("/", show), Route("/chat", chat, methods=["POST"])])
