// Built from frontend/src by `make bundle`. Licences: frontend/NOTICE.
var u=`.upload-failures {
  padding: 0.75rem 1rem;
  border-radius: var(--st-base-radius);
  background: var(--st-red-background-color);
  color: var(--st-text-color);
  font: 0.875rem/1.5 var(--st-font);
  overflow-wrap: anywhere;
}
`;var f='[data-testid="stChatInput"]',p='[data-testid="stChatInputTextArea"]',h='[data-testid="stChatInputSubmitButton"]',d=`${f} [data-testid="stFileChip"][aria-invalid="true"]`,b='[data-testid="stFileChipName"]';function v({data:o,parentElement:t}){let r=new AbortController,e={signal:r.signal,capture:!0},s=()=>l(t,o),a=n=>{document.querySelector(d)&&(n.preventDefault(),n.stopImmediatePropagation(),l(t,o,!0))};addEventListener("keydown",n=>g(n)&&a(n),e),addEventListener("click",n=>n.target.closest?.(h)&&a(n),e);let i=new MutationObserver(s),c=t.closest('[data-testid="stBottom"]')??document.body;return i.observe(c,{subtree:!0,childList:!0,attributeFilter:["aria-invalid"]}),s(),()=>{r.abort(),i.disconnect()}}function g({key:o,target:t,shiftKey:r,isComposing:e}){return o==="Enter"&&!r&&!e&&t.closest?.(p)}function l(o,t,r=!1){let e=[...document.querySelectorAll(d)].map(n=>x(n,t.reasons)),s=e.length?[...e,t.advice].join(`
`):"",a=o.querySelector(".upload-failures");if(!r&&s===(a?.innerText??"")||(a?.remove(),!s))return;let i=document.createElement("div");i.className="upload-failures",i.role="alert",i.innerText=s;let c=document.createElement("style");c.textContent=u,o.replaceChildren(c,i)}function x(o,t){let r=o.querySelector('[role="alert"]')?.textContent??"",e=r.match(/status code (\d+)/)?.[1],s=/AxiosError|Network Error/.test(r),a=e?t[e]??t.other.replace("{status}",e):r;return!e&&s&&(a=t.none),`${o.querySelector(b)?.title??""}: ${a}`}export{v as default};
