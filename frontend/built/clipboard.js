// Built from frontend/src by `make bundle`. Licences: frontend/NOTICE.
var a=`p {
  position: fixed;
  z-index: 2147483647;
  margin: 0.25rem 0;
  padding: 0.125rem 0.5rem;
  border-radius: var(--st-base-radius);
  background: var(--st-text-color);
  color: var(--st-background-color);
  font: 0.875rem/1.5 var(--st-font);
  pointer-events: none;
}
p:empty {
  opacity: 0;
}
`;var u=2e3,s,i;async function p({data:e,parentElement:r,setTriggerValue:t}){if(e.id===s)return;s=e.id;let o=f(r,e.near);await m(e.text)||d(e.text)?o("Copied"):t("failed",e.turn)}async function m(e){try{return await navigator.clipboard.writeText(e),!0}catch{return!1}}function d(e){let r=document.activeElement,t=document.createElement("textarea");t.value=e,t.style.cssText="position: fixed; top: 0; opacity: 0",document.body.append(t);let o=c=>{c.clipboardData.setData("text/plain",e),c.preventDefault()};document.addEventListener("copy",o,{capture:!0,once:!0}),t.select();let n=!1;try{n=document.execCommand("copy")}finally{document.removeEventListener("copy",o,{capture:!0}),t.remove(),r?.focus({preventScroll:!0})}return n}function f(e,r){i?.remove();let t=i=document.createElement("div");return t.innerHTML=`<style>${a}</style><p role="status"></p>`,e.append(t),o=>{let n=t.lastChild,c=document.getElementsByClassName(r)[0]?.getBoundingClientRect();n.style.left=`${c?.left??16}px`,n.style.top=`${c?.bottom??16}px`,n.textContent=o,setTimeout(()=>t.remove(),u)}}export{p as default};
