// Built from frontend/src by `make bundle`. Licences: frontend/NOTICE.
function d(){return globalThis.clarifaiChatEditor??=b()}function b(){let o={};return o.promise=new Promise(e=>o.resolve=e),o}var u=`.frame {
  color: var(--st-text-color);
  font-family: var(--st-font);
}
.frame > label {
  display: block;
  margin-bottom: 0.25rem;
  font-size: 0.875rem;
}
.box {
  /* As high as its text, up to what the window leaves beside the page's other parts. */
  --height: max(16rem, 100dvh - var(--around));
  --least: 12rem;
  overflow: hidden;
  border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius);
  background: var(--st-code-background-color);
}
.box:focus-within {
  border-color: var(--st-primary-color);
  outline: 1px solid var(--st-primary-color);
}
textarea {
  display: block;
  box-sizing: border-box;
  width: 100%;
  height: var(--height);
  min-height: var(--least);
  max-height: var(--height);
  padding: 0.5rem;
  border: 0;
  outline: 0;
  resize: vertical;
  background: none;
  color: inherit;
  font: 0.875rem/1.5 var(--st-code-font);
}
@supports (field-sizing: content) {
  textarea {
    height: auto;
    field-sizing: content;
  }
}
.frame > p {
  /* For those who listen: read with the editor's name. */
  position: absolute;
  width: 1px;
  height: 1px;
  margin: -1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
`;function m({box:o,described:e,onChange:t,onSend:i},n){let s=document.createElement("textarea");for(let[r,h]of Object.entries(e))s.setAttribute(r,h);return Object.assign(s,{id:"text",value:n,spellcheck:!1,autocapitalize:"off"}),s.addEventListener("input",t),s.addEventListener("keydown",r=>{r.key==="Enter"&&(r.ctrlKey||r.metaKey)&&i()}),o.append(s),{text:()=>s.value,replace:r=>{s.value=r},remember(){},mark(r){s.setAttribute("aria-invalid",r.some(h=>h.level==="error"))},end:()=>s.remove(),moveTo(r){let h=s.matches(":focus");r.select(s.selectionStart,s.selectionEnd),s.remove(),h&&r.focus()}}}var v=400,l=new WeakMap,a=new Map,c=class{constructor(e,t){let i=a.get(t.key);a.delete(t.key);let n=i?.gen===t.gen&&i.known===t.text;this.key=t.key,this.gen=t.gen,this.known=t.text,this.sent=t.text,this.root=e,this.frame=k(e,t),this.surface=m(this.surroundings(),n?i.text:t.text),this.listen(),d().promise.then(s=>this.use(s)),n&&this.changed()}surroundings(){return{root:this.root,box:this.frame.box,described:this.frame.described,onChange:()=>this.changed(),onSend:()=>this.flush()}}use(e){let t=this.surface;if(!this.ended){try{this.surface=e(this.surroundings(),t.text())}catch(i){console.error(i);return}t.moveTo(this.surface),this.surface.text()!==this.sent&&this.changed(),this.judge()}}listen(){let e={signal:(this.listening=new AbortController).signal,capture:!0},t=()=>this.flush();this.root.addEventListener("focusout",t,e),addEventListener("pointerdown",i=>this.isOutside(i)&&t(),e),document.addEventListener("visibilitychange",t,e)}isOutside(e){return!e.composedPath().includes(this.root)}changed(){clearTimeout(this.timer),this.timer=setTimeout(()=>this.flush(),v)}flush(){clearTimeout(this.timer);let e=this.surface.text();e!==this.sent&&(this.sent=e,this.surface.remember(),this.send({text:e,gen:this.gen}))}take(e,t){this.send=t,this.data=e,this.known=e.text,this.frame.show(e),e.gen!==this.gen&&(clearTimeout(this.timer),this.gen=e.gen,this.sent=e.text,this.surface.replace(e.text),this.surface.remember()),this.judge()}judge(){this.data?.text===this.sent&&this.surface.mark(this.data.marks)}end(){clearTimeout(this.timer),this.ended=!0,this.listening.abort();let e=this.surface.text();e!==this.known&&a.set(this.key,{gen:this.gen,known:this.known,text:e}),this.surface.end(),this.frame.end(),l.delete(this.root)}};function k(o,e){let t=document.createElement("div");t.className="frame",t.innerHTML='<style></style><label for="text"></label><div class="box"></div><p></p>';let[i,n,s,r]=t.children;i.textContent=u,n.id="label",r.id="help",o.append(t);let h=({label:f,help:p,around_px:g})=>{n.textContent=f,r.textContent=p,s.style.setProperty("--around",`${g}px`)};return h(e),{box:s,described:{"aria-labelledby":"label","aria-describedby":"help"},show:h,end:()=>t.remove()}}function w({data:o,parentElement:e,setStateValue:t}){let i=l.get(e);return i||l.set(e,i=new c(e,o)),i.take(o,n=>t("typed",n)),()=>i.end()}export{w as default};
