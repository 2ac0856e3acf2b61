// Built from frontend/src by `make bundle`. Licences: frontend/NOTICE.
var s=`p {
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
`;var m=2e3,i,l;async function u({data:e,parentElement:r,setTriggerValue:n}){if(e.id===i)return;i=e.id;let t=y(r,e.near);await d(e)||f(e)?t("Copied"):n("failed",e.turn)}async function d({text:e,html:r}){let t=Object.entries({"text/plain":e,"text/html":r}).map(([o,c])=>[o,new Blob([c],{type:o})]);try{return await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(t))]),!0}catch{return!1}}function f({text:e,html:r}){let n=document.activeElement,t=document.createElement("textarea");t.value=e,t.style.cssText="position: fixed; top: 0; opacity: 0",document.body.append(t);let o=a=>{a.clipboardData.setData("text/plain",e),a.clipboardData.setData("text/html",r),a.preventDefault()};document.addEventListener("copy",o,{capture:!0,once:!0}),t.select();let c=!1;try{c=document.execCommand("copy")}finally{document.removeEventListener("copy",o,{capture:!0}),t.remove(),n?.focus({preventScroll:!0})}return c}function y(e,r){l?.remove();let n=l=document.createElement("div");return n.innerHTML=`<style>${s}</style><p role="status"></p>`,e.append(n),t=>{let o=n.lastChild,c=document.getElementsByClassName(r)[0]?.getBoundingClientRect();o.style.left=`${c?.left??16}px`,o.style.top=`${c?.bottom??16}px`,o.textContent=t,setTimeout(()=>n.remove(),m)}}export{u as default};
